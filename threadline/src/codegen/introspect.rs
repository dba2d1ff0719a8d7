use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::{ColumnKind, ColumnSpec, InvalidSpec, TableName, TableSpec};
use crate::{
    policy::{CaptureLevel, CapturePolicy, TruncateMode},
    schema::SchemaName,
};

/// Why a table can't be audited, or could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectError {
    /// There is no such table.
    #[error("table `{table}` does not exist{}", hint(.similar))]
    Missing {
        /// The table.
        table: TableName,
        /// A table whose name differs only in case or schema.
        similar: Option<TableName>,
    },
    /// It is something else than a table.
    #[error("`{table}` is {kind}; only ordinary and partitioned tables can be audited")]
    NotATable {
        /// The name.
        table: TableName,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// It is a partition; its root is what is audited.
    #[error("`{table}` is a partition; audit its root `{root}` instead")]
    Partition {
        /// The partition.
        table: TableName,
        /// The root.
        root: TableName,
    },
    /// It is one of Threadline's own tables.
    #[error("`{0}` belongs to the audit trail itself and can't be audited")]
    OwnTable(TableName),
    /// It has no primary key and no override names one.
    #[error("table `{table}` has no primary key; {hint}")]
    NoKey {
        /// The table.
        table: TableName,
        /// What to write.
        hint: String,
    },
    /// The override is not backed by a unique index, or the table has a primary key of its own.
    #[error("`primary_key` of table `{table}` can't be used: {reason}")]
    Key {
        /// The table.
        table: TableName,
        /// Why.
        reason: String,
    },
    /// A TRUNCATE would have to read rows that row security hides from the capture.
    #[error(
        "table `{table}` has row security, and `truncate = \"rows\"` reads every row of it: let `{role}` bypass it (ALTER ROLE … BYPASSRLS), or choose `record` or `refuse`"
    )]
    RowSecurity {
        /// The table.
        table: TableName,
        /// Whose functions read the table.
        role: String,
    },
    /// The policy does not fit.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The catalogue could not be read.
    #[error("failed to read the catalogue about table `{table}`")]
    Database {
        /// The table.
        table: TableName,
        /// What the database said.
        #[source]
        err: DbErr,
    },
}

fn hint(similar: &Option<TableName>) -> String {
    similar
        .as_ref()
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

#[derive(FromQueryResult)]
struct Relation {
    oid: i64,
    kind: String,
    root_schema: Option<String>,
    root_table: Option<String>,
    inherits: bool,
    twice: bool,
}

#[derive(FromQueryResult)]
struct Column {
    name: String,
    kind: String,
}

#[derive(FromQueryResult)]
struct UniqueIndex {
    name: String,
    columns: Vec<String>,
    primary: bool,
    flaw: Option<String>,
}

/// Reads a table from the catalogue and joins it with its policy.
///
/// # Errors
/// When it is no ordinary or partitioned table, has no key, or the policy does not fit it.
pub async fn introspect<C: ConnectionTrait>(
    schema: &SchemaName,
    table: &TableName,
    policy: CapturePolicy,
    db: &C,
) -> Result<TableSpec, IntrospectError> {
    if table.schema() == schema.as_str() {
        return Err(IntrospectError::OwnTable(table.clone()));
    }
    let fault = |err| IntrospectError::Database {
        table: table.clone(),
        err,
    };
    let Some(relation) = relation(table, db).await.map_err(fault)? else {
        let similar = similar(table, db).await.map_err(fault)?;
        return Err(IntrospectError::Missing {
            table: table.clone(),
            similar,
        });
    };
    if let Some(kind) = not_a_table(&relation.kind) {
        return Err(IntrospectError::NotATable {
            table: table.clone(),
            kind,
        });
    }
    if let (Some(schema), Some(root)) = (relation.root_schema, relation.root_table)
        && let Ok(root) = TableName::new(schema, root)
    {
        return Err(IntrospectError::Partition {
            table: table.clone(),
            root,
        });
    }
    if relation.inherits && policy.capture == CaptureLevel::Statement {
        return Err(InvalidSpec::by_statement(table, INHERITS).into());
    }
    if relation.twice && policy.capture == CaptureLevel::Statement {
        return Err(InvalidSpec::by_statement(table, TWICE).into());
    }
    let columns = columns(relation.oid, db).await.map_err(fault)?;
    let indexes = unique_indexes(relation.oid, db).await.map_err(fault)?;
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    policy
        .check(&names, &[])
        .map_err(|err| InvalidSpec::Policy {
            table: table.clone(),
            err,
        })?;
    let key = key(table, &policy, &indexes)?;
    let role = format!("{schema}_capture");
    if policy.truncate == TruncateMode::Rows
        && hides_rows(relation.oid, &role, db).await.map_err(fault)?
    {
        return Err(IntrospectError::RowSecurity {
            table: table.clone(),
            role,
        });
    }
    let columns = columns.into_iter().map(|c| ColumnSpec {
        kind: kind(&c.kind),
        name: c.name,
    });
    let spec = TableSpec {
        name: table.clone(),
        key,
        columns: columns.collect(),
        partitioned: relation.kind == "p",
        policy,
    };
    spec.check()?;
    Ok(spec)
}

/// Why statements of a table in an inheritance tree can't be captured as a whole.
const INHERITS: &str = "it inherits or is inherited from, and a statement that names the one changes rows of the other";

/// Why a table can't be captured by statement of which one statement may change a row more than once. Such a statement
/// fills one transition table, or several for parts of itself, and neither tells the order.
const TWICE: &str = "a foreign key of it has ON UPDATE CASCADE, SET NULL or SET DEFAULT, or refers to the table itself with ON DELETE CASCADE, or a row trigger of it has REFERENCING: then one statement may change a row twice, and nothing tells in which order";

fn not_a_table(relkind: &str) -> Option<&'static str> {
    match relkind {
        "r" | "p" => None,
        "v" => Some("a view"),
        "m" => Some("a materialized view"),
        "f" => Some("a foreign table"),
        "S" => Some("a sequence"),
        "c" => Some("a composite type"),
        "i" | "I" => Some("an index"),
        "system" => Some("a relation of PostgreSQL itself"),
        "temporary" => Some("a temporary relation"),
        _ => Some("a relation of another kind"),
    }
}

fn key(
    table: &TableName,
    policy: &CapturePolicy,
    indexes: &[UniqueIndex],
) -> Result<Vec<String>, IntrospectError> {
    let refuse = |reason: String| IntrospectError::Key {
        table: table.clone(),
        reason,
    };
    let primary = indexes.iter().find(|index| index.primary);
    let list = |columns: &[String]| {
        columns
            .iter()
            .map(|column| format!("{column:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (&policy.primary_key, primary) {
        (None, Some(primary)) => Ok(primary.columns.clone()),
        (Some(columns), Some(primary)) if *columns != primary.columns => Err(refuse(format!(
            "the table has a primary key of its own, ({})",
            list(&primary.columns)
        ))),
        (Some(columns), Some(_)) => Ok(columns.clone()),
        (None, None) => Err(IntrospectError::NoKey {
            table: table.clone(),
            hint: match indexes.iter().find(|index| index.flaw.is_none()) {
                Some(index) => format!(
                    "its unique index `{}` would do: write `#[audited(primary_key({}))]`",
                    index.name,
                    list(&index.columns)
                ),
                None => "give it one, or a unique index over NOT NULL columns".to_owned(),
            },
        }),
        (Some(columns), None) => {
            let mut wanted = columns.clone();
            wanted.sort_unstable();
            let same = |index: &&UniqueIndex| {
                let mut columns = index.columns.clone();
                columns.sort_unstable();
                columns == wanted
            };
            match indexes
                .iter()
                .filter(same)
                .min_by_key(|index| index.flaw.is_some())
            {
                Some(UniqueIndex { flaw: None, .. }) => Ok(columns.clone()),
                Some(UniqueIndex {
                    name,
                    flaw: Some(flaw),
                    ..
                }) => Err(refuse(format!("unique index `{name}` {flaw}"))),
                None => Err(refuse(format!(
                    "no unique index has exactly the columns ({})",
                    list(columns)
                ))),
            }
        }
    }
}

fn kind(word: &str) -> ColumnKind {
    match word {
        "plain" => ColumnKind::Plain,
        "numeric" => ColumnKind::Numeric,
        "float" => ColumnKind::Float,
        "float_array" => ColumnKind::FloatArray,
        "geometric" => ColumnKind::Geometric,
        "timestamptz" => ColumnKind::Timestamptz,
        "bytea" => ColumnKind::Bytea,
        "interval" => ColumnKind::Interval,
        "money" => ColumnKind::Money,
        "json" => ColumnKind::Json,
        "jsonb" => ColumnKind::Jsonb,
        "json_array" => ColumnKind::JsonArray,
        "text_form" => ColumnKind::TextForm,
        "reference" => ColumnKind::Reference,
        "virtual" => ColumnKind::Virtual,
        _ => ColumnKind::Other,
    }
}

fn statement<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

async fn relation<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> Result<Option<Relation>, DbErr> {
    let sql = "SELECT c.oid::bigint AS oid,
          CASE WHEN n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') THEN 'system'
               WHEN c.relpersistence = 't' THEN 'temporary' ELSE c.relkind::text END AS kind, rn.nspname::text AS root_schema, r.relname::text AS root_table,
          NOT c.relispartition AND c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS inherits,
          EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
              AND (f.confupdtype IN ('c', 'n', 'd') OR f.confdeltype IN ('n', 'd') OR f.confrelid = c.oid AND f.confdeltype = 'c'))
            OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 1 = 1
              AND (t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL)) AS twice
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_class r ON c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)
        LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2";
    let values = [table.schema().into(), table.table().into()];
    Relation::find_by_statement(statement(db, sql, values))
        .one(db)
        .await
}

/// Whether row security stands between the functions of the capture and the rows. Without a role of
/// their own they belong to whoever owns the table, most often.
async fn hides_rows<C: ConnectionTrait>(oid: i64, role: &str, db: &C) -> Result<bool, DbErr> {
    let sql = "SELECT c.relrowsecurity AND CASE WHEN r.oid IS NULL THEN c.relforcerowsecurity ELSE NOT (r.rolbypassrls OR r.rolsuper) END
        FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_roles r ON r.rolname = $2 WHERE c.oid = $1::bigint::oid";
    let values = [oid.into(), role.into()];
    let row = db.query_one_raw(statement(db, sql, values)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

async fn similar<C: ConnectionTrait>(
    table: &TableName,
    db: &C,
) -> Result<Option<TableName>, DbErr> {
    let sql = "SELECT n.nspname::text AS schema, c.relname::text AS table
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE pg_catalog.lower(c.relname::text) = pg_catalog.lower($1) AND c.relkind IN ('r', 'p')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        ORDER BY n.nspname <> $2, c.relname LIMIT 1";
    let values = [table.table().into(), table.schema().into()];
    let row = db.query_one_raw(statement(db, sql, values)).await?;
    row.map(|row| {
        let (schema, name): (String, String) =
            (row.try_get("", "schema")?, row.try_get("", "table")?);
        TableName::new(schema, name).map_err(|err| DbErr::Custom(err.to_string()))
    })
    .transpose()
}

async fn columns<C: ConnectionTrait>(oid: i64, db: &C) -> Result<Vec<Column>, DbErr> {
    // Domains are looked through; arrays go by their elements.
    let sql = "WITH RECURSIVE base AS (
          SELECT a.attnum, a.attname, a.attgenerated = 'v' AS is_virtual, a.atttypid AS typid, false AS is_array FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped
          UNION ALL
          SELECT b.attnum, b.attname, b.is_virtual, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
                 b.is_array OR t.typtype <> 'd'
            FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typid
           WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
        )
        SELECT b.attname::text AS name, CASE
            WHEN b.is_virtual THEN 'virtual'
            WHEN t.typtype IN ('c', 'r', 'm') THEN 'other'
            WHEN t.typname IN ('json', 'jsonb') AND b.is_array THEN 'json_array'
            WHEN t.typname IN ('float4', 'float8') AND b.is_array THEN 'float_array'
            WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN CASE t.typname
              WHEN 'numeric' THEN 'numeric' WHEN 'float4' THEN 'float' WHEN 'float8' THEN 'float'
              WHEN 'timestamptz' THEN 'timestamptz' WHEN 'bytea' THEN 'bytea' WHEN 'interval' THEN 'interval'
              WHEN 'money' THEN 'money' WHEN 'json' THEN 'json' WHEN 'jsonb' THEN 'jsonb'
              WHEN 'regclass' THEN 'reference' WHEN 'regproc' THEN 'reference' WHEN 'regprocedure' THEN 'reference'
              WHEN 'regtype' THEN 'reference' WHEN 'regoper' THEN 'reference' WHEN 'regoperator' THEN 'reference'
              WHEN 'regconfig' THEN 'reference' WHEN 'regdictionary' THEN 'reference' WHEN 'regcollation' THEN 'reference'
              WHEN 'regnamespace' THEN 'reference' WHEN 'regrole' THEN 'reference'
              ELSE CASE t.typcategory WHEN 'G' THEN 'geometric' ELSE 'plain' END END
            WHEN t.typtype = 'e' THEN 'plain'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = t.oid AND k.casttarget = 'json'::regtype AND k.castmethod = 'f') THEN 'text_form'
            WHEN t.typcategory = 'S' THEN 'plain'
            ELSE 'other' END AS kind
          FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typid
         WHERE t.typtype <> 'd' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
         ORDER BY b.attnum";
    Column::find_by_statement(statement(db, sql, [oid.into()]))
        .all(db)
        .await
}

async fn unique_indexes<C: ConnectionTrait>(oid: i64, db: &C) -> Result<Vec<UniqueIndex>, DbErr> {
    let sql = "SELECT x.relname::text AS name, i.indisprimary AS primary,
          CASE WHEN i.indexprs IS NULL THEN
            ARRAY(SELECT a.attname::text FROM generate_series(0, i.indnkeyatts - 1) AS k(n)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
                   ORDER BY k.n)
          ELSE
            ARRAY(SELECT DISTINCT a.attname::text FROM pg_catalog.pg_depend d
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                     AND d.refobjid = i.indrelid AND d.refobjsubid > 0)
          END AS columns,
          CASE WHEN i.indexprs IS NOT NULL THEN 'is over an expression'
               WHEN i.indpred IS NOT NULL THEN 'is partial'
               WHEN NOT i.indimmediate AND NOT i.indisprimary THEN 'is deferrable'
               WHEN NOT i.indisvalid OR NOT i.indisready THEN 'is not valid'
               WHEN EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) AS k(n)
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
                     WHERE NOT a.attnotnull) THEN 'has a column that may be NULL'
          END AS flaw
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE i.indrelid = $1::bigint::oid AND i.indisunique
         ORDER BY i.indisprimary DESC, i.indnkeyatts, x.relname";
    UniqueIndex::find_by_statement(statement(db, sql, [oid.into()]))
        .all(db)
        .await
}
