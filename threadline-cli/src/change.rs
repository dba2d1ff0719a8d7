//! The files a command writes: staged first, then put in place together or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

/// One file to create or to replace.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    pub(crate) kind: ChangeKind,
    pub(crate) text: String,
}

/// What happens to the file.
#[derive(Debug)]
pub(crate) enum ChangeKind {
    /// The file must not exist yet.
    Create,
    /// The file must still have the text `before`; `added` are the lines to show for it.
    Edit { before: String, added: Vec<String> },
}

/// The changes could not be written. What had been put in place was taken back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum WriteError {
    /// The file changed since it was read.
    #[error("`{0}` was changed by someone else meanwhile; nothing was written")]
    ChangedMeanwhile(PathBuf),

    /// The file system refused.
    #[error("failed to write `{path}`; nothing was written")]
    Io {
        path: PathBuf,
        #[source]
        err: io::Error,
    },

    /// The file system refused, and then refused to take back a file as well.
    #[error("failed to write `{path}`, and `{left}` could not be taken back")]
    Left {
        path: PathBuf,
        left: PathBuf,
        #[source]
        err: io::Error,
    },
}

/// Writes all changes, in their order, or none.
///
/// Every text is complete on disk under another name before the first file appears. New files
/// come first in a plan and the file that refers to them last, so that a crash in between leaves
/// at worst a file that nothing refers to.
///
/// # Errors
/// [`WriteError`]; what was put in place has been removed or restored then.
pub(crate) fn write(changes: &[Change]) -> Result<(), WriteError> {
    let mut staged = Vec::new();
    for change in changes {
        let file = stage(change).map_err(|err| WriteError::Io {
            path: change.path.clone(),
            err,
        })?;
        staged.push((change, file));
    }
    let mut done = Vec::new();
    for (change, file) in staged {
        if let Err(error) = put(change, file) {
            return Err(take_back(&done, error));
        }
        done.push(change);
    }
    Ok(())
}

fn stage(change: &Change) -> io::Result<NamedTempFile> {
    let directory = change.path.parent().unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".threadline-").suffix(".tmp");
    let permissions = match change.kind {
        ChangeKind::Create => {
            // The first migration of a module `migration.rs` has no directory yet.
            fs::create_dir_all(directory)?;
            None
        }
        ChangeKind::Edit { .. } => Some(fs::metadata(&change.path)?.permissions()),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory)?;
    io::Write::write_all(&mut file, change.text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

fn put(change: &Change, file: NamedTempFile) -> Result<(), WriteError> {
    let path = change.path.as_path();
    let failed = |err| WriteError::Io {
        path: path.to_owned(),
        err,
    };
    match &change.kind {
        ChangeKind::Create => file
            .persist_noclobber(path)
            .map_err(|err| failed(err.error))?,
        ChangeKind::Edit { before, .. } => {
            if fs::read(path).map_err(failed)? != before.as_bytes() {
                return Err(WriteError::ChangedMeanwhile(path.to_owned()));
            }
            file.persist(path).map_err(|err| failed(err.error))?
        }
    };
    Ok(())
}

fn take_back(done: &[&Change], error: WriteError) -> WriteError {
    for change in done.iter().rev() {
        let undone = match &change.kind {
            ChangeKind::Create => fs::remove_file(&change.path),
            ChangeKind::Edit { before, .. } => fs::write(&change.path, before),
        };
        if let (Err(err), WriteError::Io { path, .. } | WriteError::ChangedMeanwhile(path)) =
            (undone, &error)
        {
            return WriteError::Left {
                path: path.clone(),
                left: change.path.clone(),
                err,
            };
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn create(path: PathBuf) -> Change {
        Change {
            path,
            kind: ChangeKind::Create,
            text: "new".to_owned(),
        }
    }

    fn edit(path: PathBuf, before: &str) -> Change {
        Change {
            path,
            kind: ChangeKind::Edit {
                before: before.to_owned(),
                added: Vec::new(),
            },
            text: "edited".to_owned(),
        }
    }

    #[test]
    fn new_and_edited_files_are_written_together() {
        let dir = tempfile::tempdir().unwrap();
        let (new, old) = (dir.path().join("new.rs"), dir.path().join("lib.rs"));
        fs::write(&old, "old").unwrap();
        write(&[create(new.clone()), edit(old.clone(), "old")]).unwrap();
        assert_eq!(fs::read_to_string(new).unwrap(), "new");
        assert_eq!(fs::read_to_string(old).unwrap(), "edited");
        assert_eq!(names(dir.path()), ["lib.rs", "new.rs"]);
    }

    #[test]
    fn a_file_changed_meanwhile_takes_the_new_files_back() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("lib.rs");
        fs::write(&old, "theirs").unwrap();
        let error = write(&[create(dir.path().join("new.rs")), edit(old.clone(), "old")]);
        assert!(matches!(error, Err(WriteError::ChangedMeanwhile(path)) if path == old));
        assert_eq!(fs::read_to_string(&old).unwrap(), "theirs");
        assert_eq!(names(dir.path()), ["lib.rs"]);
    }

    #[test]
    fn an_existing_file_is_never_overwritten_by_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("a.rs"), dir.path().join("b.rs"));
        fs::write(&second, "theirs").unwrap();
        assert!(write(&[create(first), create(second.clone())]).is_err());
        assert_eq!(fs::read_to_string(second).unwrap(), "theirs");
        assert_eq!(names(dir.path()), ["b.rs"]);
    }

    #[cfg(unix)]
    #[test]
    fn an_edited_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("lib.rs");
        fs::write(&old, "old").unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
        write(&[edit(old.clone(), "old")]).unwrap();
        assert_eq!(
            fs::metadata(old).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
}
