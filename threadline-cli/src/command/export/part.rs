//! The file until it is whole.

use std::{
    error::Error as StdError,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use threadline::export::Checkpoint;

use crate::error::Error;

/// A file that is being written under another name, `FILE.part`, in the same directory, with its
/// checkpoint in `FILE.part.json`.
///
/// Its name comes last and at once: who sees `FILE` sees all of it. One process has the part, by its
/// lock.
#[derive(Debug)]
pub(super) struct PartFile {
    path: PathBuf,
    part: PathBuf,
    state: PathBuf,
    file: File,
    overwrite: bool,
    /// Whether something was there before that its own digest does not cover.
    resumed: bool,
    /// Whether an interrupted export was thrown away.
    pub(super) begun_again: bool,
}

/// Why a file can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExportFileError {
    /// There is such a file.
    #[error("`{0}` exists already")]
    Exists(PathBuf),
    /// Another process writes it.
    #[error("another export is writing `{0}`")]
    Busy(PathBuf),
    /// No interrupted export is there.
    #[error("there is no interrupted export of `{0}`")]
    NothingToResume(PathBuf),
    /// The checkpoint was edited or is of another version.
    #[error("`{path}` is not a checkpoint that an export can go on from")]
    Checkpoint {
        path: PathBuf,
        #[source]
        err: Box<dyn StdError + Send + Sync>,
    },
    /// The part is shorter than its checkpoint says, or no plain file.
    #[error("`{0}` is not what its checkpoint says")]
    Damaged(PathBuf),
    /// It ended without its last record.
    #[error("the export ended early")]
    NoEnd,
    /// The file system refused.
    #[error("`{path}` cannot be written")]
    Write {
        path: PathBuf,
        #[source]
        err: io::Error,
    },
}

impl ExportFileError {
    pub(super) fn of(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |err| Self::Write { path, err }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self {
            Self::Exists(_) => "choose another name, or replace it with `--overwrite`",
            Self::Busy(_) => "wait until it ends, or choose another name",
            Self::NothingToResume(_) => "leave out `--resume`, and name the filters",
            Self::Checkpoint { .. } | Self::Damaged(_) => {
                "leave out `--resume` and name the filters: the export then begins again"
            }
            Self::NoEnd | Self::Write { .. } => return None,
        };
        Some(text.to_owned())
    }
}

type Result<T> = std::result::Result<T, ExportFileError>;

impl PartFile {
    /// An empty part.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let mut part = Self::open(path, overwrite, true)?;
        part.begun_again = part.state.exists();
        if part.begun_again {
            fs::remove_file(&part.state).map_err(ExportFileError::of(&part.state))?;
        }
        part.file
            .set_len(0)
            .map_err(ExportFileError::of(&part.part))?;
        Ok(part)
    }

    /// A part that was left, up to its checkpoint.
    pub(super) fn resume(path: &Path, overwrite: bool) -> Result<(Self, Checkpoint)> {
        let nothing = || ExportFileError::NothingToResume(path.to_owned());
        if !with_ending(path, ".part.json").exists() {
            return Err(nothing());
        }
        let mut part = Self::open(path, overwrite, false)?;
        let state = match fs::read_to_string(&part.state) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Err(nothing()),
            read => read.map_err(ExportFileError::of(&part.state))?,
        };
        let checkpoint: Checkpoint =
            serde_json::from_str(&state).map_err(|err| ExportFileError::Checkpoint {
                path: part.state.clone(),
                err: err.into(),
            })?;
        let failed = || ExportFileError::of(&part.part);
        let length = part.file.metadata().map_err(failed())?.len();
        if length < checkpoint.bytes {
            return Err(ExportFileError::Damaged(part.part));
        }
        part.file.set_len(checkpoint.bytes).map_err(failed())?;
        part.file.seek(SeekFrom::End(0)).map_err(failed())?;
        part.resumed = true;
        Ok((part, checkpoint))
    }

    /// Refuses to replace a file, unless that was asked for.
    pub(super) fn check(path: &Path, overwrite: bool) -> Result<()> {
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(ExportFileError::Exists(path.to_owned()));
        }
        Ok(())
    }

    fn open(path: &Path, overwrite: bool, create: bool) -> Result<Self> {
        Self::check(path, overwrite)?;
        let part = with_ending(path, ".part");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create);
        private(&mut options);
        let file = options.open(&part).map_err(ExportFileError::of(&part))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ExportFileError::Busy(path.to_owned())),
            Err(TryLockError::Error(err)) => return Err(ExportFileError::of(&part)(err)),
        }
        // Whoever had the lock before may have given the part its name meanwhile, and somebody else
        // may have put a link there.
        if !is_same(&file, &part).map_err(ExportFileError::of(&part))? {
            return Err(ExportFileError::Busy(path.to_owned()));
        }
        Ok(Self {
            state: with_ending(path, ".part.json"),
            path: path.to_owned(),
            part,
            file,
            overwrite,
            resumed: false,
            begun_again: false,
        })
    }

    /// Explains why the trail does not go on from the checkpoint.
    pub(super) fn refused(&self, err: threadline::Error) -> Error {
        match err {
            threadline::Error::InvalidFilter { .. } => ExportFileError::Checkpoint {
                path: self.state.clone(),
                err: err.into(),
            }
            .into(),
            err => err.into(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(ExportFileError::of(&self.part))
    }

    /// Notes how far it is. What the note speaks of is on the disk before.
    pub(super) fn note(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.file
            .sync_data()
            .map_err(ExportFileError::of(&self.part))?;
        let failed = || ExportFileError::of(&self.state);
        let text = serde_json::to_vec(checkpoint).map_err(|err| failed()(err.into()))?;
        let new = with_ending(&self.state, ".new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        let mut file = options.open(&new).map_err(failed())?;
        file.write_all(&text)
            .and_then(|()| file.sync_data())
            .and_then(|()| fs::rename(&new, &self.state))
            .map_err(failed())
    }

    /// Gives the file its name. Gives its size and its digest; `digest` is that of what was written
    /// since it was opened.
    pub(super) fn finish(mut self, digest: String) -> Result<(u64, String)> {
        let failed = || ExportFileError::of(&self.part);
        self.file.sync_all().map_err(failed())?;
        let bytes = self.file.metadata().map_err(failed())?.len();
        let digest = if self.resumed { self.digest()? } else { digest };
        let part = TempPath::try_from_path(&self.part).map_err(ExportFileError::of(&self.part))?;
        let persisted = if self.overwrite {
            part.persist(&self.path)
        } else {
            part.persist_noclobber(&self.path)
        };
        if let Err(err) = persisted {
            let kept = err.path.keep();
            return Err(match err.error.kind() {
                io::ErrorKind::AlreadyExists => ExportFileError::Exists(self.path),
                _ => ExportFileError::of(&self.path)(kept.err().map_or(err.error, |err| err.error)),
            });
        }
        let directory = self.path.parent().filter(|path| *path != Path::new(""));
        sync(directory.unwrap_or(Path::new("."))).map_err(ExportFileError::of(&self.path))?;
        match fs::remove_file(&self.state) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => {
                Err(ExportFileError::of(&self.state)(err))
            }
            _ => Ok((bytes, digest)),
        }
    }

    /// The SHA-256 of everything that is in it.
    fn digest(&mut self) -> Result<String> {
        let failed = || ExportFileError::of(&self.part);
        self.file.seek(SeekFrom::Start(0)).map_err(failed())?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let n = self.file.read(&mut buffer).map_err(failed())?;
            if n == 0 {
                return Ok(format!("{:x}", digest.finalize()));
            }
            digest.update(&buffer[..n]);
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What the trail holds is for its owner alone.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Whether the file is what the path names, and no link.
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    let named = path.symlink_metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let opened = file.metadata()?;
        Ok(named.is_file() && (named.dev(), named.ino()) == (opened.dev(), opened.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(named.is_file())
    }
}

/// So that the name outlives a power failure.
fn sync(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}
