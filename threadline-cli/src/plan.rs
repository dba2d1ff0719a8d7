//! From a new migration to the files that change.

use std::path::{Path, PathBuf};

use chrono::Utc;

use crate::{
    args::WriteArgs,
    change::{self, Change, ChangeKind},
    error::{Error, Result},
    migration::{Existing, Installed, MigrationFile, Versions},
    migrator::{MigratorSource, register},
    output::{Report, ReportedFile},
    project::MigrationCrate,
    settings::Settings,
};

/// The host's migrations, as far as they are needed to add one.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    settings: &'a Settings,
    write: &'a WriteArgs,
    place: MigrationCrate,
    pub(crate) existing: Existing,
    /// `None` when registering is left to the host.
    migrator: Option<MigratorSource>,
}

impl<'a> Plan<'a> {
    /// Reads the host's migrations.
    ///
    /// # Errors
    /// When they are not found, not readable, or not registrable; `suffix` is the name of the
    /// migration to come, for the message.
    pub(crate) fn read(settings: &'a Settings, write: &'a WriteArgs, suffix: &str) -> Result<Self> {
        let place = settings.migrations()?;
        let existing = Existing::read(&place.directory)?;
        let migrator = if write.no_register {
            None
        } else {
            let source =
                MigratorSource::parse(&place.text).map_err(|err| {
                    match Versions::after(existing.names(), Utc::now().naive_utc())
                        .next_name(suffix)
                    {
                        Ok(name) => Error::Register {
                            migrator: settings.shorten(&place.migrator),
                            name,
                            err,
                        },
                        Err(err) => err.into(),
                    }
                })?;
            Some(source)
        };
        Ok(Self {
            settings,
            write,
            place,
            existing,
            migrator,
        })
    }

    /// The migration that creates the audit schema, if the project has one.
    ///
    /// # Errors
    /// When it creates another schema than the one that was asked for.
    pub(crate) fn installed(&self) -> Result<Option<Installed<'_>>> {
        match (self.existing.install(), self.settings.schema()) {
            (Some(installed), Some(asked)) if asked != installed.schema => {
                Err(Error::OtherSchema {
                    path: self.shorten(installed.path),
                    installed: installed.schema.to_string(),
                    asked: asked.to_string(),
                })
            }
            (installed, _) => Ok(installed),
        }
    }

    /// Refuses to go on while a migration of ours is not registered: it would be unclear what the
    /// databases have.
    ///
    /// # Errors
    /// [`Error::Unregistered`]
    pub(crate) fn check_registered(&self) -> Result<()> {
        let Some(migrator) = &self.migrator else {
            return Ok(());
        };
        match self
            .existing
            .unregistered(|name| migrator.is_registered(name))
        {
            Some((name, path)) => Err(Error::Unregistered {
                path: self.shorten(path),
                migrator: self.shorten(&self.place.migrator),
                name: name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Whether the Migrator has that migration, or nobody asked for it to be there.
    pub(crate) fn is_registered(&self, name: &str) -> bool {
        self.migrator
            .as_ref()
            .is_none_or(|migrator| migrator.is_registered(name))
    }

    /// A path as people read it.
    pub(crate) fn shorten(&self, path: &Path) -> PathBuf {
        self.settings.shorten(path)
    }

    /// Registers a migration file that is there already.
    ///
    /// # Errors
    /// When it cannot be registered or written.
    pub(crate) fn register(&self, name: &str) -> Result<Report> {
        self.finish(name, None)
    }

    /// Adds a new migration: its file, and its registration.
    ///
    /// # Errors
    /// When it cannot be rendered, registered or written.
    pub(crate) fn add(&self, file: &MigrationFile<'_>, suffix: &str) -> Result<Report> {
        let modules = self.migrator.iter().flat_map(MigratorSource::module_names);
        let existing = self.existing.names().chain(modules);
        let name = Versions::after(existing, Utc::now().naive_utc()).next_name(suffix)?;
        let created = Change {
            path: self.place.directory.join(format!("{name}.rs")),
            kind: ChangeKind::Create,
            text: file.render()?,
        };
        self.finish(&name, Some(created))
    }

    fn finish(&self, name: &str, created: Option<Change>) -> Result<Report> {
        let mut changes: Vec<_> = created.into_iter().collect();
        let mut report = Report {
            dry_run: self.write.dry_run,
            ..Report::default()
        };
        let lines = vec![
            format!("mod {name};"),
            format!("Box::new({name}::Migration),"),
        ];
        match &self.migrator {
            Some(migrator) => {
                let text = register(migrator, &[name]).map_err(|err| Error::Register {
                    migrator: self.shorten(&self.place.migrator),
                    name: name.to_owned(),
                    err,
                })?;
                changes.push(Change {
                    path: self.place.migrator.clone(),
                    kind: ChangeKind::Edit {
                        before: self.place.text.clone(),
                        added: lines,
                    },
                    text,
                });
            }
            None => {
                report
                    .next
                    .push("register it in the Migrator with these lines:".to_owned());
                report
                    .next
                    .extend(lines.iter().map(|line| format!("    {line}")));
            }
        }
        if !self.write.dry_run {
            change::write(&changes)?;
        }
        report.files = changes
            .into_iter()
            .map(|Change { path, kind, text }| ReportedFile {
                path: self.shorten(&path),
                kind,
                text,
            })
            .collect();
        Ok(report)
    }
}
