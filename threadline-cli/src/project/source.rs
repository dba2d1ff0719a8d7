//! Walking source directories.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Every `.rs` file of a directory and below it, or the file itself, in a stable order.
///
/// Build output, hidden directories and other packages inside the directory are left out.
///
/// # Errors
/// The first directory that cannot be read, with its path.
pub(crate) fn rust_files(root: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    if root.is_file() {
        return Ok(vec![root.to_owned()]);
    }
    let mut files = Vec::new();
    collect(root, &mut files)?;
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let failed = |err| (directory.to_owned(), err);
    let mut entries = fs::read_dir(directory)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to directories are not followed: they can lead in circles.
        if entry.file_type().map_err(failed)?.is_dir() {
            if !is_foreign(&path) {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_foreign(directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    name == "target" || name.starts_with('.') || directory.join("Cargo.toml").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_hidden_directories_and_other_packages_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "lib.rs",
            "post/mod.rs",
            "post/notes.txt",
            "target/debug/out.rs",
            ".cache/x.rs",
            "nested/Cargo.toml",
            "nested/lib.rs",
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = rust_files(root.path()).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.strip_prefix(root.path()).unwrap())
            .collect();
        assert_eq!(names, [Path::new("lib.rs"), Path::new("post/mod.rs")]);
    }
}
