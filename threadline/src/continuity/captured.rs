//! What the catalogue says about the capture of a table.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use sha2::{Digest, Sha256};

use super::ContinuityError;
use crate::{
    codegen::{self, COMMENT_PREFIX, FunctionComment, KeyType, TableName, TableSpec},
    schema,
};

#[derive(FromQueryResult)]
struct Deployed {
    comment: Option<String>,
    body: String,
    disabled: Option<String>,
}

/// What an audited table is captured with.
///
/// Refuses a table whose columns, policy or function are not those of the time when the capture was
/// generated: a secret that was renamed since could reach the trail.
pub(super) async fn deployed<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> Result<TableSpec, ContinuityError> {
    let sql = "SELECT pg_catalog.obj_description(p.oid, 'pg_proc') AS comment, p.prosrc AS body, (SELECT min(o.tgname::text) FROM pg_catalog.pg_trigger o WHERE o.tgrelid = t.tgrelid AND o.tgfoid = t.tgfoid AND o.tgenabled NOT IN ('O', 'A')) AS disabled
          FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1) AND c.relname = $2
           AND t.tgname IN ('00_threadline_audit_capture', '00_threadline_audit_statement') AND p.pronamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $3)";
    let values = [
        table.schema().into(),
        table.table().into(),
        schema::current().as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let found = Deployed::find_by_statement(statement).one(db).await?;
    let Some(found) = found else {
        // A name that is misspelt is told so, rather than to be captured.
        codegen::introspect(schema::current(), table, Default::default(), db)
            .await
            .map(drop)
            .or_else(|err| match err {
                codegen::IntrospectError::NoKey { .. } => Ok(()),
                err => Err(err),
            })?;
        return Err(ContinuityError::NotCaptured(table.clone()));
    };
    if let Some(trigger) = found.disabled {
        let trigger = codegen::quote_ident(&trigger).into();
        return Err(ContinuityError::Disabled(table.clone(), trigger));
    }
    let drift = || ContinuityError::Drift(table.clone());
    let comment = found.comment.as_deref();
    let comment = comment.and_then(|text| text.strip_prefix(COMMENT_PREFIX));
    let comment: FunctionComment = comment
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(drift)?;
    let digest: String = Sha256::digest(&found.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let now =
        codegen::introspect(schema::current(), table, comment.spec.policy.clone(), db).await?;
    if digest != comment.body || now != comment.spec {
        return Err(drift());
    }
    Ok(now)
}

/// A table that holds rows itself: the table, or a leaf of a partitioned one.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Leaf {
    pub(super) quoted: String,
    /// As the capture function names it.
    pub(super) name: String,
    pub(super) estimated_rows: i64,
}

pub(super) async fn leaves<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> Result<Vec<Leaf>, ContinuityError> {
    let sql = "SELECT pg_catalog.format('\"%s\".\"%s\"', pg_catalog.replace(n.nspname, '\"', '\"\"'), pg_catalog.replace(c.relname, '\"', '\"\"')) AS quoted,
            pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, greatest(c.reltuples, 0)::bigint AS estimated_rows
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree($1::text::regclass) AS p WHERE p.isleaf UNION SELECT r.oid FROM pg_catalog.pg_class r WHERE r.oid = $1::text::regclass AND r.relkind = 'r')
         ORDER BY name";
    let values = [table.quoted().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(Leaf::find_by_statement(statement).all(db).await?)
}

#[derive(FromQueryResult)]
struct Typed {
    name: String,
    r#type: String,
}

/// The key columns in key order, with their types.
pub(super) async fn key_types<C: ConnectionTrait>(
    spec: &TableSpec,
    db: &C,
) -> Result<Vec<KeyType>, ContinuityError> {
    let sql = "SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY ($2)
         ORDER BY pg_catalog.array_position($2, a.attname::text)";
    let values = [spec.name.quoted().into(), spec.key.clone().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let types = Typed::find_by_statement(statement).all(db).await?;
    let types = types
        .into_iter()
        .map(|Typed { name, r#type }| KeyType { name, r#type });
    Ok(types.collect())
}
