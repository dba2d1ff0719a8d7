//! The ways in which a table is audited, or not.

use std::fs;

use sea_orm::{
    ConnectionTrait as _,
    sqlx::{AssertSqlSafe, Connection as _, Executor as _},
};
use threadline::{
    CapturePolicy, SchemaName,
    codegen::{self, TableName},
    policy::CaptureLevel,
};

use super::table::{Shape, TABLE};
use crate::{
    args::VariantFile,
    cluster::Cluster,
    error::{Error, Result},
};

/// What stands for the table in the file of a variant.
const PLACEHOLDER: &str = "{table}";

/// A way to audit a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Not at all: what all others are compared with.
    Plain,
    /// By this library.
    Threadline,
    /// By this library, by statement.
    ByStatement,
    /// By the SQL of a file.
    File { name: String, sql: String },
}

impl Variant {
    /// Plain and Threadline's, and those of the files.
    pub(crate) fn all(by_statement: bool, files: &[VariantFile]) -> Result<Vec<Self>> {
        let mut variants = vec![Self::Plain, Self::Threadline];
        if by_statement {
            variants.push(Self::ByStatement);
        }
        for file in files {
            if variants.iter().any(|other| other.name() == file.name) {
                return Err(Error::VariantName(file.name.clone()));
            }
            let sql = fs::read_to_string(&file.path).map_err(|err| Error::VariantFile {
                path: file.path.clone(),
                err,
            })?;
            variants.push(Self::File {
                name: file.name.clone(),
                sql,
            });
        }
        Ok(variants)
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Plain => "plain",
            Self::Threadline => "threadline",
            Self::ByStatement => "by_statement",
            Self::File { name, .. } => name,
        }
    }

    /// Makes the template: the table with its rows, and then what audits it.
    pub(crate) async fn prepare(
        &self,
        template: &str,
        (shape, rows, source): (Shape, i64, i64),
        cluster: &Cluster,
    ) -> Result<()> {
        cluster.create(template).await?;
        let mut connection = cluster.connect(template).await?;
        shape.create(rows, source, &mut connection).await?;
        match self {
            Self::Plain => {}
            Self::Threadline => capture(template, shape, CaptureLevel::Row, cluster).await?,
            Self::ByStatement => capture(template, shape, CaptureLevel::Statement, cluster).await?,
            Self::File { sql, .. } => {
                let sql = sql.replace(PLACEHOLDER, TABLE);
                connection.execute(AssertSqlSafe(sql)).await?;
            }
        }
        connection.execute("VACUUM (FREEZE, ANALYZE)").await?;
        Ok(connection.close().await?)
    }
}

async fn capture(
    database: &str,
    shape: Shape,
    level: CaptureLevel,
    cluster: &Cluster,
) -> Result<()> {
    let schema = SchemaName::default();
    let table: TableName = TABLE.parse()?;
    let policy = CapturePolicy {
        capture: level,
        ..shape.policy()
    };
    let db = cluster.pool(database, 1).await?;
    threadline::install(&db).await?;
    let spec = codegen::introspect(&schema, &table, policy, &db).await?;
    db.execute_unprepared(&codegen::capture(&schema, &spec, None)?.up)
        .await?;
    Ok(db.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_variants_have_one_name() {
        for name in ["plain", "threadline"] {
            let file = VariantFile {
                name: name.to_owned(),
                path: "missing.sql".into(),
            };
            let err = Variant::all(false, &[file]).unwrap_err();
            assert!(matches!(err, Error::VariantName(_)), "{err}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let file = VariantFile {
            name: "other".to_owned(),
            path: "missing.sql".into(),
        };
        let err = Variant::all(false, &[file]).unwrap_err();
        assert_eq!(err.to_string(), "failed to read `missing.sql`");
    }
}
