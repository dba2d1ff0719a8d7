//! What a mounted surface is made of.

use std::{fmt, rc::Rc, time::Duration};

use actix_web::{HttpMessage as _, HttpRequest, dev::ServiceRequest};
use sea_orm::DatabaseConnection;
use threadline::{codegen::InvalidTableName, health::Health, retention::RetentionPolicy};

use super::{authorize::Gate, links::Links, standing::Standing, theme::Theme};

/// A mounted surface, the host's types gone.
pub(super) struct Surface {
    pub(super) db: DatabaseConnection,
    pub(super) pages: Rc<Gate>,
    /// Who may have files; nobody where the host did not say.
    pub(super) export: Option<Rc<Gate>>,
    /// What the header says about coverage.
    pub(super) standing: Standing,
    pub(super) settings: Settings,
}

/// What the host chose.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) theme: Theme,
    pub(super) timeout: Duration,
    pub(super) export_limit: u64,
    /// How long a client may keep an export waiting.
    pub(super) export_patience: Duration,
    /// How many exports may read from the pool at a time; half of its connections if the host did not say.
    pub(super) exports_at_a_time: Option<usize>,
    pub(super) public_path: Option<String>,
    pub(super) unprotected: bool,
    /// What should be captured.
    pub(super) health: Result<Health, InvalidTableName>,
    /// How long changes are kept.
    pub(super) retention: Option<RetentionPolicy>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            timeout: Duration::from_secs(5),
            export_limit: 100_000,
            export_patience: Duration::from_secs(60),
            exports_at_a_time: None,
            public_path: None,
            unprotected: false,
            health: Health::linked(),
            retention: None,
        }
    }
}

impl Settings {
    /// The statement that limits the time of those after it in a transaction.
    pub(super) fn limit(&self) -> String {
        let limit = self.timeout.as_millis();
        let limit = limit.clamp(1, i32::MAX.unsigned_abs().into());
        format!("SET LOCAL statement_timeout = {limit}")
    }
}

impl Surface {
    pub(super) fn links(&self, mount: &Mount) -> Links {
        Links::below(self.settings.public_path.as_deref().unwrap_or(&mount.path))
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Where the surface is mounted, and the path behind it, both decoded as far as actix-web decodes paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Mount {
    path: String,
    behind: String,
}

impl Mount {
    /// Notes the mount while the path behind it has not been looked at yet.
    pub(super) fn note(request: &ServiceRequest) {
        let (whole, behind) = (
            request.match_info().as_str(),
            request.match_info().unprocessed(),
        );
        let mount = Self {
            path: whole[..whole.len() - behind.len()].to_owned(),
            behind: behind.to_owned(),
        };
        request.extensions_mut().insert(mount);
    }

    /// The path of a page within the surface.
    pub(super) fn behind(&self) -> &str {
        &self.behind
    }

    pub(super) fn of(request: &HttpRequest) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_default()
    }
}
