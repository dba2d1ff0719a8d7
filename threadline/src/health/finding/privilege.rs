use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value, sea_query::ArrayType};

use super::{Finding, Fix, Severity, collect::Subject};
use crate::codegen::{
    quote_ident,
    rendered::{schema_grants, schema_roles},
};

#[derive(FromQueryResult)]
struct Role {
    role: String,
    superuser: bool,
    bootstrap: bool,
    makes_itself_member: bool,
}

#[derive(FromQueryResult)]
struct Membership {
    granted: String,
    grantor: Option<String>,
}

#[derive(FromQueryResult)]
struct AllData {
    granted: String,
    grantor: Option<String>,
    through: String,
}

#[derive(FromQueryResult)]
struct Privilege {
    kind: String,
    object: String,
    name: String,
    privilege: String,
    grantee: Option<String>,
}

#[derive(FromQueryResult)]
struct OwnedTable {
    table: String,
    owner: String,
}

/// What the roles of the application may do that they need not: whoever may write to the trail or
/// become its owner can forge it.
pub(super) async fn find<C: ConnectionTrait>(
    subject: &Subject<'_>,
    db: &C,
) -> Result<Vec<Finding>, DbErr> {
    let named = &subject.health.application_roles;
    let values: Vec<Value> = named.iter().map(|role| role.as_str().into()).collect();
    let values = [Value::Array(ArrayType::String, Some(Box::new(values)))];
    let roles: Vec<Role> = subject.rows("application_roles", values, db).await?;
    let mut findings: Vec<_> = named
        .iter()
        .filter(|name| roles.iter().all(|role| role.role != **name))
        .map(|name| unknown(name))
        .collect();
    for role in &roles {
        if role.superuser {
            findings.push(superuser(role));
            continue;
        }
        let name = || [role.role.as_str().into()];
        let memberships: Vec<Membership> = subject.rows("memberships", name(), db).await?;
        findings.extend(membership(subject, role, &memberships));
        let all_data: Vec<AllData> = subject.rows("all_data", name(), db).await?;
        findings.extend(everything(role, &all_data));
        let privileges: Vec<Privilege> = subject.rows("privileges", name(), db).await?;
        findings.extend(excess(subject, role, &privileges));
        let tables: Vec<OwnedTable> = subject.rows("owned_tables", name(), db).await?;
        findings.extend(table_owner(role, &tables));
    }
    Ok(findings)
}

/// What to do where the role is not the application's.
const NAME_IT: &str =
    "if it is not the application's, name that one in `application_roles` of threadline.toml";

/// No note: a misspelt role would leave the application's own unlooked at.
fn unknown(name: &str) -> Finding {
    let fix = Fix::Edit(format!(
        "correct \"{name}\" in `application_roles` of threadline.toml, or take it out"
    ));
    let message = format!("the application's role `{name}` is no role of this server");
    Finding::new("unknown-role", Severity::Warning, message, fix)
}

fn superuser(role: &Role) -> Finding {
    let name = &role.role;
    let message = format!(
        "the application's role `{name}` is a superuser: nothing keeps it from changing the trail; {NAME_IT}"
    );
    let fix = if role.bootstrap {
        Fix::Edit("connect the application as a role of its own that is no superuser".to_owned())
    } else {
        Fix::Sql(format!("ALTER ROLE {} NOSUPERUSER;", quote_ident(name)))
    };
    Finding::new("superuser-role", Severity::Critical, message, fix)
}

fn membership(subject: &Subject<'_>, role: &Role, memberships: &[Membership]) -> Option<Finding> {
    let name = quote_ident(&role.role);
    let mut sql: Vec<_> = memberships
        .iter()
        .map(|membership| {
            revoke(
                &membership.granted,
                &role.role,
                membership.grantor.as_deref(),
            )
        })
        .collect();
    if role.makes_itself_member {
        sql.push(format!("ALTER ROLE {name} NOCREATEROLE;"));
    }
    if sql.is_empty() {
        return None;
    }
    let message = format!(
        "the application's role `{0}` can become `{1}_owner` or `{1}_capture`, which can change or forge the trail; {NAME_IT}",
        role.role, subject.schema
    );
    let fix = Fix::Sql(sql.join("\n"));
    Some(Finding::new(
        "can-become-owner",
        Severity::Warning,
        message,
        fix,
    ))
}

fn revoke(granted: &str, role: &str, grantor: Option<&str>) -> String {
    let (granted, role) = (quote_ident(granted), quote_ident(role));
    // Since version 16 a membership is taken back by who gave it.
    match grantor {
        Some(grantor) => format!(
            "REVOKE {granted} FROM {role} GRANTED BY {};",
            quote_ident(grantor)
        ),
        None => format!("REVOKE {granted} FROM {role};"),
    }
}

/// A role that may read everything may read the secret that seals the cache of transactions, with
/// which changes can be laid at another transaction's door.
fn everything(role: &Role, all_data: &[AllData]) -> Option<Finding> {
    let mut through: Vec<_> = all_data.iter().map(|one| one.through.as_str()).collect();
    through.sort_unstable();
    through.dedup();
    let mut sql: Vec<_> = all_data
        .iter()
        .map(|one| revoke(&one.granted, &role.role, one.grantor.as_deref()))
        .collect();
    sql.dedup();
    if sql.is_empty() {
        return None;
    }
    let message = format!(
        "the application's role `{}` is a member of `{}`, which reaches into the trail past every privilege: it can forge it; {NAME_IT}",
        role.role,
        through.join("`, `")
    );
    let fix = Fix::Sql(sql.join("\n"));
    Some(Finding::new(
        "all-data-role",
        Severity::Critical,
        message,
        fix,
    ))
}

fn excess(subject: &Subject<'_>, role: &Role, privileges: &[Privilege]) -> Option<Finding> {
    // What readers and writers may execute is harmless in every hand; another role of ours has its
    // functions for itself.
    let grants = schema_grants(subject.schema);
    let open = ["reader", "writer"].map(|role| format!("{}_{role}", subject.schema));
    let ours = schema_roles(subject.schema);
    let is_meant = |held: &Privilege| {
        held.kind == "FUNCTION"
            && grants.iter().any(|(function, role)| {
                *function == held.name
                    && (open.contains(role)
                        || held.grantee.as_ref() == Some(role) && ours.contains(role))
            })
    };
    let excess: Vec<_> = privileges.iter().filter(|held| !is_meant(held)).collect();
    if excess.is_empty() {
        return None;
    }
    let (mut told, mut sql) = (Vec::new(), Vec::new());
    for held in excess {
        told.push(format!("{} on {}", held.privilege, held.object));
        let grantee = held
            .grantee
            .as_deref()
            .map_or_else(|| "PUBLIC".to_owned(), quote_ident);
        sql.push(format!(
            "REVOKE {} ON {} {} FROM {grantee};",
            held.privilege, held.kind, held.object
        ));
    }
    let message = format!(
        "the application's role `{}` may do more with the trail than read it: {}",
        role.role,
        told.join(", ")
    );
    let fix = Fix::Sql(sql.join("\n"));
    Some(Finding::new(
        "excess-privilege",
        Severity::Critical,
        message,
        fix,
    ))
}

/// The owner of a table can disable its triggers. That is how most applications run, so it is a note.
fn table_owner(role: &Role, tables: &[OwnedTable]) -> Option<Finding> {
    let first = tables.first()?;
    let more = match tables.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more audited tables"),
    };
    let message = format!(
        "the application's role `{}` owns {}{more}, as `{}`: it can disable the triggers",
        role.role, first.table, first.owner
    );
    let fix = Fix::Edit(format!(
        "let another role run the migrations and own the tables, and give `{}` the privileges that it uses",
        role.role
    ));
    Some(Finding::new(
        "application-owns-table",
        Severity::Info,
        message,
        fix,
    ))
}
