//! One request of an operator who may be here: [`Visit`].

use std::rc::Rc;

use actix_web::{HttpMessage as _, HttpRequest};
use percent_encoding::percent_decode_str;
use threadline::{ActorRef, AuditContext};

use super::{
    authorize::Authorized,
    failure::Failure,
    format::Format,
    links::Links,
    parameters::Parameters,
    scope::Scope,
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
    scope: Option<Scope>,
}

impl Visit {
    pub(super) fn new(
        request: &HttpRequest,
        surface: &Rc<Surface>,
        authorized: Authorized,
    ) -> Self {
        let mount = Mount::of(request);
        Self {
            request: request.clone(),
            surface: Rc::clone(surface),
            links: surface.links(&mount),
            mount,
            format: Format::of(request),
            scope: authorized.scope,
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

    /// What narrows the operator's reads.
    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// Where the page is as JSON: the same path and query, with the extension.
    pub(super) fn twin(&self) -> String {
        self.links
            .twin(self.mount.behind(), self.request.query_string())
    }

    pub(super) fn surface(&self) -> &Surface {
        &self.surface
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }
}
