use std::path::Path;

use launcher::{Binaries, Server};

#[cfg(feature = "embedded")]
use super::embedded::Embedded;
use super::{Choice, DatabaseOptions, Error};

/// Connections to a server that allows many.
const MANY: u32 = 10;

/// A database to connect to; its server runs as long as this value lives, unless it is somebody else's.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    description: String,
    max_connections: u32,
    _engine: Engine,
}

/// What has to be kept alive.
#[derive(Debug)]
#[expect(dead_code, reason = "held for their drop only")]
enum Engine {
    Elsewhere,
    Installed(Server),
    #[cfg(feature = "embedded")]
    Embedded(Embedded),
}

impl Database {
    /// Opens the database the options choose; blocks while a server starts.
    ///
    /// # Errors
    ///
    /// Each error names what to install, set or add.
    pub(crate) fn open(options: &DatabaseOptions) -> Result<Self, Error> {
        let directory = options.data_dir.as_deref();
        match (options.database, &options.database_url) {
            (Choice::Auto | Choice::Url, Some(url)) => Ok(Self::at(url)),
            (Choice::Url, None) => Err(Error::NoUrl),
            (Choice::Installed, _) => Self::installed(&Binaries::find()?, directory),
            (Choice::Embedded, _) => Self::embedded(directory),
            (Choice::Auto, None) => match Binaries::find() {
                Ok(binaries) => Self::installed(&binaries, directory),
                Err(err) if !is_absence(&err) => Err(err.into()),
                Err(err) if cfg!(feature = "embedded") => {
                    tracing::info!(reason = %err, "using PostgreSQL inside this program");
                    Self::embedded(directory)
                }
                Err(err) => Err(Error::None(err)),
            },
        }
    }

    fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            description: format!("the server at {}", without_account(url)),
            max_connections: MANY,
            _engine: Engine::Elsewhere,
        }
    }

    fn installed(binaries: &Binaries, directory: Option<&Path>) -> Result<Self, Error> {
        let builder = Server::builder(binaries);
        let server = match directory {
            Some(directory) => builder.data_dir(directory).start()?,
            None => builder.start()?,
        };
        Ok(Self {
            url: server.url("postgres"),
            description: format!(
                "PostgreSQL {} from {}, port {}; {}",
                binaries.version(),
                binaries.directory().display(),
                server.port(),
                fate(directory),
            ),
            max_connections: MANY,
            _engine: Engine::Installed(server),
        })
    }

    #[cfg(feature = "embedded")]
    fn embedded(directory: Option<&Path>) -> Result<Self, Error> {
        let engine = Embedded::start(directory).map_err(|err| Error::Embedded(err.into()))?;
        Ok(Self {
            url: engine.url(),
            description: format!(
                "PostgreSQL 18 inside this program, port {}, one connection only; {}",
                engine.port(),
                fate(directory),
            ),
            max_connections: 1,
            _engine: Engine::Embedded(engine),
        })
    }

    #[cfg(not(feature = "embedded"))]
    fn embedded(_directory: Option<&Path>) -> Result<Self, Error> {
        Err(Error::NotEmbedded)
    }

    /// The URL to connect to.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many connections a pool may open; the embedded server serves a single one.
    pub(crate) fn max_connections(&self) -> u32 {
        self.max_connections
    }

    /// One line about what is running.
    pub(crate) fn describe(&self) -> &str {
        &self.description
    }
}

/// Whether there just is no server, in contrast to a mistake that had better be told.
fn is_absence(err: &launcher::Error) -> bool {
    matches!(
        err,
        launcher::Error::NotFound | launcher::Error::TooOld { .. }
    )
}

fn fate(directory: Option<&Path>) -> String {
    match directory {
        Some(directory) => format!("the data are kept in {}", directory.display()),
        None => "the data go with this program".to_owned(),
    }
}

/// A URL without the user and the password, for display.
fn without_account(url: &str) -> &str {
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    let end = address.find('?').unwrap_or(address.len());
    let start = address[..end].rfind('@').map_or(0, |at| at + 1);
    &address[start..end]
}

#[cfg(test)]
mod tests {
    use super::{Database, MANY, without_account};
    use crate::database::{Choice, DatabaseOptions, Error};

    fn options(database: Choice, url: Option<&str>) -> DatabaseOptions {
        DatabaseOptions {
            database,
            database_url: url.map(str::to_owned),
            data_dir: None,
        }
    }

    #[test]
    fn a_url_comes_before_everything_else() {
        let url = "postgres://me:secret@db/blog";
        let database = Database::open(&options(Choice::Auto, Some(url))).unwrap();
        assert_eq!((database.url(), database.max_connections()), (url, MANY));
        assert_eq!(database.describe(), "the server at db/blog");
    }

    #[test]
    fn a_missing_url_is_asked_for() {
        let err = Database::open(&options(Choice::Url, None)).unwrap_err();
        assert!(matches!(err, Error::NoUrl));
        assert!(err.to_string().contains("DATABASE_URL"));
    }

    #[test]
    fn an_installed_server_can_be_preferred_to_the_url() {
        let database =
            Database::open(&options(Choice::Installed, Some("postgres://db/blog"))).unwrap();
        assert!(database.url().starts_with("postgres://postgres@127.0.0.1:"));
        assert!(
            database
                .describe()
                .ends_with("the data go with this program")
        );
    }

    #[test]
    fn a_password_is_never_displayed() {
        let shown = without_account("postgres://me:p@ss@db:5432/blog?sslmode=disable&password=x");
        assert_eq!(shown, "db:5432/blog");
        assert_eq!(without_account("postgres://db/blog"), "db/blog");
    }
}
