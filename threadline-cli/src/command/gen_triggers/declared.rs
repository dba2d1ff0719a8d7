//! What the project says about its tables: entities, and `[tables]` of threadline.toml.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use threadline::{CapturePolicy, codegen::TableName};

use super::Refusal;
use crate::{
    entity::{self, Entity},
    error::{Error, Result},
    settings::Settings,
};

/// Every declaration of the project.
#[derive(Debug)]
pub(crate) struct Declarations {
    entities: Vec<Entity>,
    configured: BTreeMap<TableName, (String, CapturePolicy)>,
}

/// What is declared of one table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Declared<'a> {
    /// Its entity.
    Entity(&'a Entity),
    /// Its policy, and the place of it.
    Configured(&'a CapturePolicy, &'a str),
    /// Nothing.
    Nothing,
}

impl Declarations {
    /// Reads the sources: those of the flag, else of threadline.toml, else of all members.
    ///
    /// # Errors
    /// When sources or threadline.toml are not understood.
    pub(crate) fn gather(settings: &Settings, flag: &[PathBuf]) -> Result<Self> {
        let paths = if !flag.is_empty() {
            flag.to_vec()
        } else if !settings.config.entity_paths.is_empty() {
            settings.config.entity_paths.clone()
        } else {
            settings
                .workspace()?
                .sources()
                .map(Path::to_owned)
                .collect()
        };
        let paths = paths.iter().map(PathBuf::as_path);
        let entities = entity::scan(paths, |path| settings.shorten(path))?;
        Self::with_configured(entities, settings)
    }

    /// What threadline.toml alone declares.
    ///
    /// # Errors
    /// When it is not understood.
    pub(crate) fn of_configuration(settings: &Settings) -> Result<Self> {
        Self::with_configured(Vec::new(), settings)
    }

    fn with_configured(entities: Vec<Entity>, settings: &Settings) -> Result<Self> {
        let mut configured = BTreeMap::new();
        let file = settings
            .config
            .path
            .as_deref()
            .map(|path| settings.shorten(path));
        for (name, policy) in &settings.config.tables {
            let table = name
                .parse::<TableName>()
                .map_err(|err| Error::ConfiguredName {
                    key: "tables",
                    text: name.clone(),
                    err,
                })?;
            let place = format!(
                "{} [tables.{name:?}]",
                file.as_deref()
                    .unwrap_or(Path::new("threadline.toml"))
                    .display()
            );
            let previous = configured.insert(table, (place.clone(), policy.clone()));
            if let Some((first, _)) = previous {
                return Err(Refusal::Twice {
                    first,
                    second: place,
                }
                .into());
            }
        }
        Ok(Self {
            entities,
            configured,
        })
    }

    /// Every table that is declared to be audited, in the order of names.
    ///
    /// # Errors
    /// [`Refusal::NothingAudited`]
    pub(crate) fn audited(&self) -> Result<Vec<TableName>, Refusal> {
        let entities = self.entities.iter().filter(|entity| entity.audited);
        let tables: BTreeSet<_> = entities
            .map(|entity| &entity.table)
            .chain(self.configured.keys())
            .cloned()
            .collect();
        if tables.is_empty() {
            return Err(Refusal::NothingAudited);
        }
        Ok(tables.into_iter().collect())
    }

    /// The one declaration of a table. An audited entity goes before others of the same table.
    ///
    /// # Errors
    /// When there are two.
    pub(crate) fn of(&self, table: &TableName) -> Result<Declared<'_>, Refusal> {
        let entities: Vec<_> = self.entities.iter().filter(|e| e.table == *table).collect();
        let audited: Vec<_> = entities.iter().copied().filter(|e| e.audited).collect();
        let candidates = if audited.is_empty() {
            &entities
        } else {
            &audited
        };
        match (candidates.as_slice(), self.configured.get(table)) {
            ([first, second, ..], _) => Err(Refusal::TwoEntities {
                table: table.clone(),
                first: first.place.clone(),
                second: second.place.clone(),
            }),
            ([entity], Some((config, _))) if entity.audited => Err(Refusal::TwoPolicies {
                table: table.clone(),
                entity: entity.place.clone(),
                config: config.clone(),
            }),
            (_, Some((place, policy))) => Ok(Declared::Configured(policy, place)),
            ([entity], None) => Ok(Declared::Entity(entity)),
            ([], None) => Ok(Declared::Nothing),
        }
    }
}
