//! What `cargo metadata` says about the workspace.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use cargo_metadata::{MetadataCommand, Package, TargetKind};

/// `cargo metadata` failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the workspace with `cargo metadata`")]
pub(crate) struct WorkspaceError(#[source] Box<cargo_metadata::Error>);

/// The members of the host's workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) members: Vec<Member>,
}

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// The directories that hold the sources of its library and programs.
    pub(crate) sources: Vec<PathBuf>,
    /// Whether it depends on `sea-orm-migration`.
    pub(crate) migrates: bool,
}

impl Workspace {
    /// Asks cargo about the workspace of a manifest, or of the nearest one above `directory`.
    ///
    /// Needs no network: dependencies are not resolved.
    ///
    /// # Errors
    /// [`WorkspaceError`] when there is no manifest or cargo rejects it.
    pub(crate) fn read(
        directory: &Path,
        manifest_path: Option<&Path>,
    ) -> Result<Self, WorkspaceError> {
        let mut command = MetadataCommand::new();
        command.current_dir(directory).no_deps();
        if let Some(path) = manifest_path {
            command.manifest_path(path);
        }
        let metadata = command
            .exec()
            .map_err(|err| WorkspaceError(Box::new(err)))?;
        let members = metadata
            .workspace_packages()
            .into_iter()
            .map(member)
            .collect();
        Ok(Self { members })
    }

    /// The source directories of all members.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Path> {
        self.members
            .iter()
            .flat_map(|member| &member.sources)
            .map(PathBuf::as_path)
    }
}

fn member(package: &Package) -> Member {
    let roots: BTreeSet<PathBuf> = package
        .targets
        .iter()
        .filter(|target| {
            target.kind.iter().any(|kind| {
                !matches!(
                    kind,
                    TargetKind::Test
                        | TargetKind::Bench
                        | TargetKind::Example
                        | TargetKind::CustomBuild
                )
            })
        })
        .filter_map(|target| target.src_path.parent())
        .map(|directory| directory.as_std_path().to_owned())
        .collect();
    // `src/bin` is inside `src`: no file is to be seen twice.
    let sources = roots
        .iter()
        .filter(|root| {
            !roots
                .iter()
                .any(|other| other != *root && root.starts_with(other))
        })
        .cloned()
        .collect();
    Member {
        name: package.name.to_string(),
        sources,
        migrates: package
            .dependencies
            .iter()
            .any(|dependency| dependency.name == "sea-orm-migration"),
    }
}
