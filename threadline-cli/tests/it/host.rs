//! A host project in a temporary directory, and the command run in it.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The migration crate as `sea-orm-cli migrate init` writes it.
pub(crate) const LIB: &str = include_str!("host/lib.rs.txt");

/// An audited entity and one without a policy.
pub(crate) const POST: &str = include_str!("host/post.rs.txt");
pub(crate) const COMMENT: &str = include_str!("host/comment.rs.txt");

/// The migration that the host had before.
pub(crate) const TABLES: &str = include_str!("host/m20220101_000001_tables.rs.txt");

pub(crate) struct Host {
    root: PathBuf,
    // Held to remove the directory in the end.
    _temporary: Option<tempfile::TempDir>,
    database_url: Option<String>,
}

/// What a run of the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Host {
    /// A workspace with entities in `blog` and migrations in `migration`.
    pub(crate) fn new() -> Self {
        Self::empty().with_packages()
    }

    pub(crate) fn empty() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self {
            root: temporary.path().to_owned(),
            _temporary: Some(temporary),
            database_url: None,
        }
    }

    /// As [`Host::new`], always in the same place: what cargo builds there replaces what it built
    /// the last time.
    pub(crate) fn to_build() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-host");
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        let host = Self {
            root,
            _temporary: None,
            database_url: None,
        };
        host.with_packages()
    }

    fn with_packages(self) -> Self {
        self.write("Cargo.toml", &manifest());
        self.write("blog/Cargo.toml", BLOG);
        self.write("blog/src/lib.rs", "pub mod comment;\npub mod post;\n");
        self.write("blog/src/post.rs", POST);
        self.write("blog/src/comment.rs", COMMENT);
        self.write("migration/Cargo.toml", MIGRATION);
        self.write("migration/src/lib.rs", LIB);
        self.write("migration/src/main.rs", include_str!("host/main.rs.txt"));
        self.write("migration/src/m20220101_000001_tables.rs", TABLES);
        self
    }

    /// Gives the command a `DATABASE_URL`.
    pub(crate) fn use_database(&mut self, url: &str) {
        self.database_url = Some(url.to_owned());
    }

    /// Takes it away again.
    pub(crate) fn use_no_database(&mut self) {
        self.database_url = None;
    }

    /// The `DATABASE_URL`; empty without one.
    pub(crate) fn database_url(&self) -> &str {
        self.database_url.as_deref().unwrap_or_default()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    /// Every file, by its path, with its text.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, String> {
        fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, String>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, files);
                } else {
                    files.insert(path.clone(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        collect(self.root(), &mut files);
        files
    }

    /// The names of the migration files that the command wrote, oldest first.
    pub(crate) fn written(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.root().join("migration/src"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("_threadline_"))
            .collect();
        names.sort();
        names
    }

    /// Runs `cargo threadline` as cargo would.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-threadline"));
        command
            .current_dir(self.root())
            .arg("threadline")
            .args(args);
        for name in [
            "DATABASE_URL",
            "THREADLINE_AUDIT_SCHEMA",
            "THREADLINE_MIGRATION_DIR",
        ] {
            command.env_remove(name);
        }
        if let Some(url) = &self.database_url {
            command.env("DATABASE_URL", url);
        }
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        Said {
            code: status.code(),
            stdout: self.redact(&String::from_utf8(stdout).unwrap()),
            stderr: self.redact(&String::from_utf8(stderr).unwrap()),
        }
    }

    /// Runs it and expects it to be refused with that code, and nothing to be written.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, args: &[&str]) -> String {
        let before = self.files();
        let said = self.run(args);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert_eq!(said.stdout, "");
        assert_eq!(self.files(), before, "something was written");
        said.stderr
    }

    /// Runs it and expects it to succeed.
    #[track_caller]
    pub(crate) fn done<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(0), "{said:?}");
        format!("{}{}", said.stderr, said.stdout)
    }

    /// Replaces what differs from run to run: the place of the project and versions of today.
    fn redact(&self, text: &str) -> String {
        let root = self.root().canonicalize().unwrap();
        let text = text
            .replace(&root.display().to_string(), "HOST")
            .replace(&self.root().display().to_string(), "HOST");
        let mut redacted = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("_threadline_") {
            let (before, after) = rest.split_at(at);
            // Names of triggers hold the word too, and are no versions.
            match before
                .rfind('m')
                .filter(|&stamp| is_version(&before[stamp..]))
            {
                Some(stamp) => redacted += &format!("{}mNOW", &before[..stamp]),
                None => redacted += before,
            }
            redacted += "_threadline_";
            rest = &after["_threadline_".len()..];
        }
        redacted + rest
    }
}

/// Whether a text is the version of a migration: `m20261123_120000`.
fn is_version(text: &str) -> bool {
    text.len() == "m20261123_120000".len()
        && text[1..].chars().all(|c| c.is_ascii_digit() || c == '_')
}

fn manifest() -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = include_str!("host/Cargo.toml.txt");
    text.replace("REPOSITORY", &repository.display().to_string())
}

const BLOG: &str = r#"[package]
name = "blog-host"
version = "0.0.0"
edition = "2024"

[dependencies]
sea-orm.workspace = true
threadline.workspace = true
"#;

const MIGRATION: &str = r#"[package]
name = "migration"
version = "0.0.0"
edition = "2024"

[dependencies]
sea-orm-migration.workspace = true
tokio.workspace = true
"#;
