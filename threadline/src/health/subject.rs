use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;

use super::{
    DeclaredTable,
    compare::compare,
    coverage::{CoverageReport, TableCoverage, coverage},
    difference::Difference,
    finding::{FindingsReport, Subject, collect},
    function::deployed,
    policy_report::{PolicyReport, verdict},
    read,
    state::State,
};
use crate::{
    codegen::{InvalidTableName, TableName},
    error::Result,
    retention::RetentionPolicy,
    schema,
};

/// How many days back "lately" reaches, unless [`Health::since`] says otherwise.
pub const LATELY_DAYS: u32 = 7;

/// Looks at the audit of a database: what is captured, what is wrong, which policies are deployed.
///
/// Reads the catalogue and a bounded number of the newest rows of the trail. A member of the role
/// `threadline_reader` may do that.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::health::Health;
///
/// let health = Health::linked()?.application_roles(["blog"]);
/// let coverage = health.fetch_coverage(db).await?;
/// assert_eq!(coverage.summary.uncovered, 0);
/// for finding in health.fetch_findings(db).await?.findings {
///     println!("{}: {}\n{}", finding.code, finding.message, finding.fix.text());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is read before one of the `fetch` methods"]
pub struct Health {
    pub(super) declared: BTreeMap<TableName, DeclaredTable>,
    pub(super) expected_gaps: BTreeSet<TableName>,
    pub(super) application_roles: Vec<String>,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) retention: Option<RetentionPolicy>,
    schemas: Option<BTreeSet<String>>,
}

/// A table with everything that differs.
#[derive(Clone, Debug)]
pub(super) struct TableDifferences {
    pub(super) name: TableName,
    pub(super) of_extension: bool,
    pub(super) declared: Option<DeclaredTable>,
    pub(super) configured: bool,
    pub(super) differences: Vec<Difference>,
}

impl TableDifferences {
    pub(super) fn coverage(&self) -> TableCoverage {
        coverage(
            &self.name,
            self.of_extension,
            self.declared.is_some(),
            self.configured,
            self.differences.clone(),
        )
    }
}

impl Health {
    /// Expects nothing yet: no table is declared, none may be uncovered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects what the audited entities say that are linked into this program.
    ///
    /// # Errors
    /// When the name of a table does not fit PostgreSQL.
    pub fn linked() -> Result<Self, InvalidTableName> {
        Ok(Self::new().declare(DeclaredTable::linked()?))
    }

    /// Adds tables that should be captured, and how.
    pub fn declare(mut self, tables: impl IntoIterator<Item = DeclaredTable>) -> Self {
        let tables = tables.into_iter();
        self.declared
            .extend(tables.map(|table| (table.name.clone(), table)));
        self
    }

    /// Adds tables that need no capture. SeaORM's table of migrations and the tables of extensions
    /// never do.
    pub fn expected_gaps(mut self, tables: impl IntoIterator<Item = TableName>) -> Self {
        self.expected_gaps.extend(tables);
        self
    }

    /// Names the roles that the application connects as; their privileges are looked at. Default:
    /// this connection's role, and every role that may log in and is a member of the writer.
    pub fn application_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.application_roles
            .extend(roles.into_iter().map(Into::into));
        self
    }

    /// Says how long changes are kept, so that a purge that is overdue is found. Default: nothing is
    /// said, and nothing is overdue.
    pub fn retention(mut self, policy: RetentionPolicy) -> Self {
        self.retention = Some(policy);
        self
    }

    /// Where "lately" begins. Default: [`LATELY_DAYS`] days ago.
    pub fn since(mut self, at: DateTime<Utc>) -> Self {
        self.since = Some(at);
        self
    }

    /// Limits coverage and policies to tables of these schemas. Default: all schemas.
    pub fn schemas(mut self, schemas: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let schemas = schemas.into_iter().map(Into::into);
        self.schemas.get_or_insert_default().extend(schemas);
        self
    }

    /// Which tables are captured, which are not, and which need not be.
    ///
    /// # Errors
    /// When the audit schema is not there or may not be read, or the database fails.
    pub async fn fetch_coverage<C: ConnectionTrait>(&self, db: &C) -> Result<CoverageReport> {
        let (_, tables) = self.tables(false, db).await?;
        let tables = tables.iter().filter(|table| self.is_asked_for(&table.name));
        let schemas = self.schemas.as_ref();
        Ok(CoverageReport::new(
            schema::current().as_str(),
            schemas.map(|schemas| schemas.iter().cloned().collect()),
            tables.map(TableDifferences::coverage).collect(),
        ))
    }

    /// What is wrong, and what puts it right. Looks at every schema.
    ///
    /// # Errors
    /// As for [`Health::fetch_coverage`].
    pub async fn fetch_findings<C: ConnectionTrait>(&self, db: &C) -> Result<FindingsReport> {
        let (state, tables) = self.tables(true, db).await?;
        let subject = Subject {
            schema: schema::current(),
            health: self,
            state: &state,
            tables: &tables,
        };
        collect(&subject, db).await
    }

    /// The declared and the deployed policy of every table that has one.
    ///
    /// # Errors
    /// As for [`Health::fetch_coverage`].
    pub async fn fetch_policies<C: ConnectionTrait>(&self, db: &C) -> Result<PolicyReport> {
        let (state, tables) = self.tables(true, db).await?;
        let tables = tables
            .into_iter()
            .filter(|table| self.is_asked_for(&table.name))
            .filter(|table| {
                table.declared.is_some() || table.differences != [Difference::NotCaptured]
            })
            .map(|table| {
                let declared = table.declared.map(|declared| declared.policy);
                let captured = !table.differences.contains(&Difference::NotCaptured);
                let deployed = captured
                    .then(|| deployed(&state, &table.name))
                    .flatten()
                    .map(|spec| spec.policy);
                verdict(declared, deployed, &table.name, table.differences)
            });
        Ok(PolicyReport::new(
            schema::current().as_str(),
            tables.collect(),
        ))
    }

    fn is_asked_for(&self, table: &TableName) -> bool {
        self.schemas
            .as_ref()
            .is_none_or(|schemas| schemas.contains(table.schema()))
    }

    /// Every table of the database and every declared one, with its differences.
    async fn tables<C: ConnectionTrait>(
        &self,
        with_shapes: bool,
        db: &C,
    ) -> Result<(State, Vec<TableDifferences>)> {
        let schema = schema::current();
        read::probe(schema, db).await?;
        let mut state = read::state(schema, db).await?;
        if with_shapes {
            let declared = self.declared.values();
            let keys = declared.map(|table| (&table.name, table.policy.primary_key.as_ref()));
            read::shapes(schema, &mut state, &keys.collect(), db).await?;
        }
        let found = state.tables.values().map(|table| {
            let declared = self.declared.get(&table.name);
            TableDifferences {
                name: table.name.clone(),
                of_extension: table.of_extension,
                declared: declared.cloned(),
                configured: self.expected_gaps.contains(&table.name),
                differences: compare(schema, &state, table, declared),
            }
        });
        let mut tables: Vec<_> = found.collect();
        for declared in self.declared.values() {
            if state.tables.contains_key(&declared.name) {
                continue;
            }
            let reason = read::absence(schema, &declared.name, db).await?;
            tables.push(TableDifferences {
                name: declared.name.clone(),
                of_extension: false,
                declared: Some(declared.clone()),
                configured: false,
                differences: vec![Difference::MissingTable { reason }],
            });
        }
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((state, tables))
    }
}
