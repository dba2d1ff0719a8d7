//! What a host mounts: [`OperatorSurface`].

use std::{convert::Infallible, fmt, rc::Rc, time::Duration};

use actix_web::{
    HttpRequest,
    dev::{AppService, HttpServiceFactory},
};
use sea_orm::DatabaseConnection;
use threadline::{ChangeScope, health::Health, retention::RetentionPolicy, telemetry};

use super::{
    access::Access,
    authorize::{Authorize, AuthorizePolicies, Gate, ScopeQuery, authorize, authorize_policies},
    route,
    standing::Standing,
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
    authorize_export: Option<Authorize<S>>,
    scope_query: Option<ScopeQuery<S>>,
    policies: Option<AuthorizePolicies>,
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
            authorize_export: None,
            scope_query: None,
            policies: None,
            settings: Settings::default(),
        }
    }

    /// Says which changes lie in a scope that `authorize` returned. Default: none; a scope is then answered with 500, and
    /// the log says what to add.
    ///
    /// It narrows every read and every count of every page.
    ///
    /// ```
    /// use actix_web::HttpRequest;
    /// use sea_orm::DatabaseConnection;
    /// use threadline::ChangeScope;
    /// use threadline_actix::surface::{Access, OperatorSurface};
    ///
    /// struct Organisation(i64);
    ///
    /// # async fn organisation_of(_: &HttpRequest) -> Result<i64, std::io::Error> { Ok(7) }
    /// async fn support(request: &HttpRequest) -> Result<Access<Organisation>, std::io::Error> {
    ///     Ok(Access::Scope(Organisation(organisation_of(request).await?)))
    /// }
    ///
    /// # fn surface(db: DatabaseConnection) {
    /// let surface = OperatorSurface::new(db, support)
    ///     .scope_query(|of: &Organisation| ChangeScope::column_is("organisation_id", of.0));
    /// # }
    /// ```
    pub fn scope_query<F>(mut self, query: F) -> Self
    where
        F: Fn(&S) -> ChangeScope + 'static,
    {
        self.scope_query = Some(Rc::new(query));
        self
    }

    /// Lets operators have the timeline as a file, for whom the function lets in. Default: nobody; the answer is a 403 in
    /// plain text.
    ///
    /// It is asked on every export, after `authorize`, and its answer says what the file may hold. An export is recorded as the action `audit.exported` of the
    /// request's actor before anything is read, so the role needs `threadline_writer`, and a request without an actor
    /// gets a 403.
    pub fn authorize_export<F, E>(mut self, authorize: F) -> Self
    where
        F: AsyncFn(&HttpRequest) -> Result<Access<S>, E> + 'static,
        E: 'static,
    {
        self.authorize_export = Some(self::authorize(authorize));
        self
    }

    /// Limits how many changes an export holds. Default: 100,000.
    ///
    /// A file that ends there says so in its last record, and names the page token of the rest.
    pub fn export_limit(mut self, changes: u64) -> Self {
        self.settings.export_limit = changes.max(1);
        self
    }

    /// Limits how long a client may keep an export waiting before it takes the next 256 KiB. Default: one minute.
    ///
    /// An export keeps a connection of the pool until its end. One that nobody takes is ended: the file has no last record,
    /// and its connection is free again.
    pub fn export_patience(mut self, wait: Duration) -> Self {
        self.settings.export_patience = wait;
        self
    }

    /// Limits how many exports read from the pool at a time, those of all workers of the server together. Default: half of
    /// the pool's connections; one at least.
    ///
    /// Whoever asks for one more gets a 503.
    pub fn exports_at_a_time(mut self, exports: usize) -> Self {
        self.settings.exports_at_a_time = Some(exports);
        self
    }

    /// Says who may see the pages of coverage, redaction policy and retention, of those whom `authorize` let in. An error
    /// denies. Default: who sees the whole trail; not who sees a scope of it, because these pages speak of every table.
    ///
    /// Who may not is told the command that shows the same in a terminal.
    ///
    /// ```
    /// # use actix_web::HttpRequest;
    /// # use sea_orm::DatabaseConnection;
    /// # use threadline_actix::surface::{Access, OperatorSurface};
    /// # async fn authorize(_: &HttpRequest) -> Result<Access, std::io::Error> { Ok(Access::Denied) }
    /// # async fn is_engineer(_: &HttpRequest) -> Result<bool, std::io::Error> { Ok(true) }
    /// # fn surface(db: DatabaseConnection) -> OperatorSurface {
    /// OperatorSurface::new(db, authorize).authorize_policies(is_engineer)
    /// # }
    /// ```
    pub fn authorize_policies<F, E>(mut self, function: F) -> Self
    where
        F: AsyncFn(&HttpRequest) -> Result<bool, E> + 'static,
        E: 'static,
    {
        self.policies = Some(self::authorize_policies(function));
        self
    }

    /// Says what the database is expected to capture. Default: the policies of the audited entities that are linked into
    /// this program, [`Health::linked`].
    ///
    /// ```
    /// # use actix_web::HttpRequest;
    /// # use sea_orm::DatabaseConnection;
    /// # use threadline_actix::surface::{Access, OperatorSurface};
    /// # async fn authorize(_: &HttpRequest) -> Result<Access, std::io::Error> { Ok(Access::Denied) }
    /// use threadline::health::Health;
    ///
    /// # fn surface(db: DatabaseConnection) -> Result<OperatorSurface, Box<dyn std::error::Error>> {
    /// let health = Health::linked()?.expected_gaps(["sessions".parse()?]);
    /// let surface = OperatorSurface::new(db, authorize).health(health);
    /// # Ok(surface) }
    /// ```
    pub fn health(mut self, health: Health) -> Self {
        self.settings.health = Ok(health);
        self
    }

    /// Says how long changes are kept, for the page of retention. It shows the policy and purges nothing. Default: none,
    /// which the page says.
    pub fn retention(mut self, policy: RetentionPolicy) -> Self {
        self.settings.retention = Some(policy);
        self
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
            pages: Gate::new(self.authorize, self.scope_query.clone(), self.policies),
            export: self
                .authorize_export
                .map(|authorize| Gate::new(authorize, self.scope_query, None)),
            standing: Standing::default(),
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
