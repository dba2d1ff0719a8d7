use minijinja::{Value, context, value::Serde};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{
    Finding, Fix, Severity,
    collect::{Subject, rows},
};
use crate::{
    codegen::{
        TableName,
        health::health_sql_with,
        rendered::{schema_functions, schema_privileges, schema_roles},
    },
    health::function::deployed,
    policy::TruncateMode,
};

#[derive(FromQueryResult)]
struct Row {
    missing: Vec<String>,
    others: Vec<String>,
}

/// An installation by a role that could not make roles: whoever owns the trail can change it.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let more = context! { roles => schema_roles(subject.schema) };
    let sql = health_sql_with("owners", subject.schema, more);
    let rows: Vec<Row> = rows(&sql, [], db).await?;
    let findings = rows
        .into_iter()
        .filter(|row| !(row.missing.is_empty() && row.others.is_empty()))
        .map(|row| {
            let mut parts = Vec::new();
            if !row.missing.is_empty() {
                parts.push(format!("the roles {} are missing", list(&row.missing)));
            }
            if !row.others.is_empty() {
                parts.push(format!(
                    "{} owns objects of the audit schema and can change them",
                    list(&row.others)
                ));
            }
            let fix = Fix::Sql(hand_over(subject, &row.others));
            Finding::new("missing-role", Severity::Warning, parts.join("; "), fix)
        });
    Ok(findings.collect())
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn hand_over(subject: &Subject<'_>, others: &[String]) -> String {
    let own: Vec<_> = schema_functions(subject.schema)
        .into_iter()
        .map(|function| function.name)
        .collect();
    let capture_functions: Vec<_> = subject
        .state
        .functions
        .iter()
        .filter(|function| function.is_trigger && !own.contains(&function.name))
        .map(|function| function.name.clone())
        .collect();
    // Where a TRUNCATE captures the rows, the capture role reads the table.
    let read_by_capture: Vec<&TableName> = subject
        .state
        .tables
        .keys()
        .filter(|name| {
            deployed(subject.state, name)
                .is_some_and(|spec| spec.policy.truncate == TruncateMode::Rows)
        })
        .collect();
    let more = context! {
        roles => schema_roles(subject.schema),
        others => others.to_vec(),
        capture_functions => capture_functions,
        read_by_capture => Value::from(Serde(&read_by_capture)),
        privileges => schema_privileges(subject.schema),
    };
    health_sql_with("hand_over", subject.schema, more)
}
