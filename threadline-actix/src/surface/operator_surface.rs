//! What a host mounts: [`OperatorSurface`].

use std::{convert::Infallible, fmt, rc::Rc, time::Duration};

use actix_web::{
    HttpRequest,
    dev::{AppService, HttpServiceFactory},
};
use sea_orm::DatabaseConnection;
use threadline::telemetry;

use super::{
    access::Access,
    authorize::{Authorize, Gate, authorize},
    route,
    surface::{Settings, Surface},
    theme::Theme,
};

/// The pages on which operators read the trail.
///
/// It is a service for [`web::scope`](actix_web::web::scope), under any path, or for
/// [`App::service`](actix_web::App::service). `authorize` is asked on every request and has to say yes:
///
/// ```
/// use actix_web::{App, HttpRequest, web};
/// use sea_orm::DatabaseConnection;
/// use threadline_actix::surface::{Access, OperatorSurface, Theme};
///
/// # struct Staff;
/// # impl Staff { async fn of(_: &HttpRequest) -> Result<Option<Self>, std::io::Error> { Ok(None) } }
/// async fn authorize(request: &HttpRequest) -> Result<Access, std::io::Error> {
///     Ok(match Staff::of(request).await? {
///         Some(_) => Access::Everything,
///         None => Access::Denied,
///     })
/// }
///
/// # fn app(db: DatabaseConnection) {
/// let app = App::new().service(
///     web::scope("/audit").service(OperatorSurface::new(db, authorize).theme(Theme::System)),
/// );
/// # }
/// ```
///
/// An error of `authorize` denies. Who is denied gets the 404 of a path that does not exist, whatever the path. What
/// lies out of an operator's scope reads like what is not there.
///
/// Who the operator is comes from [`RequestCapture`](crate::RequestCapture) alone; wrap the surface in it, and in the
/// application's authentication.
///
/// Every page is read in one read-only transaction, so that it shows one state of the database. The role needs
/// `threadline_reader`.
#[must_use = "a surface does nothing until it is given to a scope or an `App`"]
pub struct OperatorSurface<S = Infallible> {
    db: DatabaseConnection,
    authorize: Authorize<S>,
    settings: Settings,
}

impl<S: 'static> OperatorSurface<S> {
    /// A surface on a database, for whom `authorize` lets in.
    pub fn new<F, E>(db: DatabaseConnection, authorize: F) -> Self
    where
        F: AsyncFn(&HttpRequest) -> Result<Access<S>, E> + 'static,
        E: 'static,
    {
        Self {
            db,
            authorize: self::authorize(authorize),
            settings: Settings::default(),
        }
    }

    /// Chooses the colours. Default: [`Theme::System`].
    pub fn theme(mut self, theme: Theme) -> Self {
        self.settings.theme = theme;
        self
    }

    /// Limits how long each statement of a page may take. Default: five seconds.
    ///
    /// A page whose statement takes longer answers 503 and suggests a narrower filter.
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = limit;
        self
    }

    /// Sets the path of the surface as browsers see it, where a proxy in front of the application takes a prefix off
    /// or adds one. Default: the path at which the surface is mounted.
    pub fn public_path(mut self, path: impl Into<String>) -> Self {
        self.settings.public_path = Some(path.into());
        self
    }
}

impl OperatorSurface {
    /// A surface that shows the whole trail to **everybody who can reach it**. For development alone.
    ///
    /// Every page says so, and so does an event of `tracing` when it is mounted.
    pub fn unprotected_for_development(db: DatabaseConnection) -> Self {
        let everybody = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Everything);
        let mut surface = Self::new(db, everybody);
        surface.settings.unprotected = true;
        surface
    }
}

impl<S: 'static> HttpServiceFactory for OperatorSurface<S> {
    fn register(self, config: &mut AppService) {
        if self.settings.unprotected {
            telemetry::surface_unprotected();
        }
        let surface = Surface {
            db: self.db,
            pages: Gate::new(self.authorize, None),
            settings: self.settings,
        };
        route::register(&Rc::new(surface), config);
    }
}

impl<S> fmt::Debug for OperatorSurface<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorSurface")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
