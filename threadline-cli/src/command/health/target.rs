//! The database that is looked at, and what the project expects of it.

use sea_orm::DatabaseTransaction;
use threadline::{
    codegen::TableName,
    evidence::RecordEvidence,
    health::{DeclaredTable, Health},
};

use crate::{
    args::{DatabaseArgs, ProjectArgs},
    command::gen_triggers::declared::{Declarations, Declared},
    config::Config,
    database::Database,
    entity::Place,
    error::{Error, Result},
    reading,
    settings::Settings,
};

/// The database, and what the project expects of it.
pub(crate) struct Target {
    database: Database,
    /// What the project declares, with the place of the entity.
    pub(crate) declared: Vec<(DeclaredTable, Option<Place>)>,
    /// What the reader should know about how the result came about.
    pub(crate) warnings: Vec<String>,
}

impl Target {
    /// Reads the project and connects. Where no project is, threadline.toml alone declares tables,
    /// which is said.
    ///
    /// # Errors
    /// When project or configuration are not understood, or the database cannot be reached.
    pub(crate) fn open(args: &DatabaseArgs) -> Result<Self> {
        let settings = Settings::gather(&ProjectArgs {
            migration_dir: None,
            schema: args.connection.schema.clone(),
            manifest_path: args.manifest_path.clone(),
        })?;
        let mut warnings = Vec::new();
        let declarations = match Declarations::gather(&settings, &args.source) {
            Err(Error::Workspace(_)) if !settings.is_in_project() => {
                warnings.push(
                    "no project was found here: nothing is known of the policies of its entities"
                        .to_owned(),
                );
                Declarations::of_configuration(&settings)
            }
            gathered => gathered,
        }?;
        Ok(Self {
            declared: declared(&declarations)?,
            warnings,
            database: Database::connect(settings, &args.connection)?,
        })
    }

    /// What threadline.toml says.
    pub(crate) fn config(&self) -> &Config {
        &self.database.settings.config
    }

    /// What the project expects.
    ///
    /// # Errors
    /// When an expected gap is no name.
    pub(crate) fn health(&self) -> Result<Health> {
        let config = self.config();
        let gaps = names("expected_gaps", &config.coverage.expected_gaps)?;
        let mut health = Health::new()
            .declare(self.declared.iter().map(|(table, _)| table.clone()))
            .expected_gaps(gaps)
            .application_roles(&config.health.application_roles);
        if let Some(policy) = &config.retention {
            health = health.retention(policy.clone());
        }
        Ok(health)
    }

    /// Looks at the database, in one transaction.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub(crate) fn fetch<T>(
        &self,
        look: impl AsyncFnOnce(&DatabaseTransaction) -> threadline::Result<T>,
    ) -> Result<T> {
        self.database.read(look)
    }

    /// Leaves evidence of what was seen, if this role may.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn record(&self, evidence: RecordEvidence) -> Result<()> {
        let recorded = self
            .database
            .run(async |db| reading::record(evidence, db).await);
        recorded.map(|_| ())
    }
}

/// The names in a list of threadline.toml.
///
/// # Errors
/// When one is none.
pub(crate) fn names(key: &'static str, texts: &[String]) -> Result<Vec<TableName>> {
    let name = |text: &String| {
        text.parse().map_err(|err| Error::ConfiguredName {
            key,
            text: text.clone(),
            err,
        })
    };
    texts.iter().map(name).collect()
}

fn declared(declarations: &Declarations) -> Result<Vec<(DeclaredTable, Option<Place>)>> {
    // A project that audits nothing can be looked at too.
    let tables = declarations.audited().unwrap_or_default();
    let table = |name: TableName| {
        let (policy, key, place) = match declarations.of(&name)? {
            Declared::Entity(entity) => (
                entity.policy.clone(),
                entity.key.clone(),
                Some(entity.place.clone()),
            ),
            Declared::Configured(policy, _) => (policy.clone(), Vec::new(), None),
            Declared::Nothing => Default::default(),
        };
        Ok((DeclaredTable { name, policy, key }, place))
    };
    tables.into_iter().map(table).collect()
}
