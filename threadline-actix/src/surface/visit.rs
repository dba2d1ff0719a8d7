//! One request of an operator who may be here: [`Visit`].

use std::{cell::OnceCell, rc::Rc};

use actix_web::{HttpMessage as _, HttpRequest};
use minijinja::Value;
use percent_encoding::percent_decode_str;
use sea_orm::DbErr;
use threadline::{
    ActorRef, AuditContext, ChangeScope, Error,
    health::Health,
    retention::RetentionPolicy,
    saved_view::{may_save_views, saved_views},
    telemetry::{self, SqlState},
};

use super::{
    authorize::Authorized,
    failure::Failure,
    format::Format,
    links::Links,
    parameters::Parameters,
    reads::Reads,
    saved_view::{SavedViews, Token},
    surface::{Mount, Surface},
};

/// One request of an operator who may be here. There is no other way to one than through `authorize`.
#[derive(Debug)]
pub(crate) struct Visit {
    request: HttpRequest,
    surface: Rc<Surface>,
    mount: Mount,
    links: Links,
    format: Format,
    scope: Option<ChangeScope>,
    policies: bool,
    token: Option<Token>,
    views: OnceCell<SavedViews>,
}

impl Visit {
    pub(super) fn new(
        request: &HttpRequest,
        surface: &Rc<Surface>,
        authorized: Authorized,
    ) -> Self {
        let mount = Mount::of(request);
        let links = surface.links(&mount);
        let context = request.extensions().get::<AuditContext>().cloned();
        let actor = context.as_ref().and_then(AuditContext::actor_ref);
        Self {
            request: request.clone(),
            surface: Rc::clone(surface),
            token: Token::of(request, actor, links.base()),
            views: OnceCell::new(),
            links,
            mount,
            format: Format::of(request),
            scope: authorized.scope,
            policies: authorized.policies,
        }
    }

    /// Builds the addresses on the page.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// The query string.
    ///
    /// # Errors
    /// When it can't be read.
    pub(crate) fn parameters(&self) -> Result<Parameters, Failure> {
        Parameters::parse(self.request.query_string())
    }

    /// A part of the path, decoded, without the extension of the JSON twin if it is the last one.
    ///
    /// # Errors
    /// [`Failure::NotFound`] of a page where the path does not have it.
    pub(crate) fn segment(&self, name: &str) -> Result<String, Failure> {
        let missing = || Failure::NotFound { what: "page" };
        let raw = self.request.match_info().get(name).ok_or_else(missing)?;
        let text = percent_decode_str(raw).decode_utf8();
        let text = text.map_err(|_| missing())?.into_owned();
        if text.contains('\0') {
            return Err(missing());
        }
        Ok(text)
    }

    /// As [`segment`](Self::segment), of the last part.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn last_segment(&self, name: &str) -> Result<String, Failure> {
        let raw = self.segment(name)?;
        Ok(Format::without_extension(&raw).to_owned())
    }

    /// Who the operator is. Only the middleware `RequestCapture` knows.
    pub(crate) fn actor(&self) -> Option<ActorRef> {
        self.context()?.actor_ref().cloned()
    }

    /// The context of the request.
    pub(crate) fn context(&self) -> Option<AuditContext> {
        self.request.extensions().get::<AuditContext>().cloned()
    }

    /// Whether the operator sees a part of the trail only.
    pub(crate) fn is_scoped(&self) -> bool {
        self.scope.is_some()
    }

    /// What proves that a form is the operator's own.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Reads the views of the operator, for a page that has them beside it. Where they can't be read there are none, and
    /// the log says why.
    pub(crate) async fn read_views(&self, reads: &Reads) -> Option<&SavedViews> {
        let actor = self.actor().filter(|actor| actor.id().is_some())?;
        let views = reads.apart(async |db| -> Result<_, DbErr> {
            Ok(SavedViews {
                views: saved_views(&actor).all(db).await?,
                may_save: may_save_views(db).await?,
            })
        });
        match views.await {
            Ok(views) => Some(self.views.get_or_init(|| views)),
            Err(err) => {
                let error = Error::from(err);
                let (context, state) = (self.context(), SqlState::of(&error));
                telemetry::saved_views_failed(context.as_ref(), error.kind(), state);
                None
            }
        }
    }

    /// The views of the operator, as templates show them.
    pub(super) fn views(&self, filters: Option<Vec<(&'static str, String)>>) -> Option<Value> {
        let token = self.token.as_ref()?.digest();
        Some(self.views.get()?.view(filters, token, &self.links))
    }

    /// Whether the operator may see coverage, redaction and retention.
    pub(crate) fn sees_policies(&self) -> bool {
        self.policies
    }

    /// Whether the operator may see the export jobs of everybody, which name actors and filters of the whole trail.
    pub(crate) fn sees_exports(&self) -> bool {
        self.policies && !self.is_scoped()
    }

    /// How many tables need capture, if the operator may know and it was read.
    pub(super) fn gaps(&self) -> Option<usize> {
        let gaps = self.surface.standing.gaps();
        gaps.filter(|_| self.policies)
    }

    /// Notes for the header what the page has read itself.
    pub(crate) fn note_gaps(&self, gaps: usize) {
        self.surface.standing.note_gaps(gaps);
    }

    /// What the database is expected to capture.
    ///
    /// # Errors
    /// When an audited entity has a name that no table can have.
    pub(crate) fn health(&self) -> Result<&Health, Failure> {
        let health = self.surface.settings.health.as_ref();
        health.map_err(|_| Failure::Internal {
            kind: "invalid_table_name",
            sqlstate: None,
            fix: Some("an audited entity has a table name that PostgreSQL does not take: correct its `table_name`"),
        })
    }

    /// How long changes are kept, if the host says so.
    pub(crate) fn retention(&self) -> Option<&RetentionPolicy> {
        self.surface.settings.retention.as_ref()
    }

    /// What narrows the operator's reads.
    pub(crate) fn scope(&self) -> Option<&ChangeScope> {
        self.scope.as_ref()
    }

    /// Where the page is as JSON: the same path and query, with the extension.
    pub(super) fn twin(&self) -> String {
        self.links
            .twin(self.mount.behind(), self.request.query_string())
    }

    /// Whether there are exports; each is authorized on its own.
    pub(crate) fn may_export(&self) -> bool {
        self.surface.export.is_some()
    }

    pub(super) fn surface(&self) -> &Surface {
        &self.surface
    }

    /// Whether the page or its JSON twin is wanted.
    pub(crate) fn format(&self) -> Format {
        self.format
    }
}
