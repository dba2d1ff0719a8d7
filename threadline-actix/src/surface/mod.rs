//! The operator surface: pages on which operators read the trail.
//!
//! [`OperatorSurface`] is mounted by the host behind its own authentication. Its pages are rendered on the server and
//! work without scripts; each has a JSON twin, at the same address with `.json` or by `Accept: application/json`, and
//! names the command of `cargo threadline` that answers the same.
//!
//! # How to add a page
//!
//! 1. A module `surface/<page>/` with a model: a struct that derives `Serialize` (that is the JSON twin, so every field
//!    has a doc comment) and implements `Page`: the name of its template, its `Head` (title, place in the navigation,
//!    command), and `view`, which turns the model into what the template shows. All of it is pure, with unit tests.
//! 2. A handler `async fn show(visit: &Visit, reads: &Reads) -> Result<Model, Failure>`. `Visit` has the query string
//!    (`visit.parameters()?`, and `finish` at the end so that no parameter is ignored), the parts of the path
//!    (`visit.last_segment("id")?` takes the extension off) and the operator. `Reads` is the page's one snapshot:
//!    whatever is asked of the trail begins there, so that no read misses the operator's scope. Neither SQL nor HTML is
//!    in a handler.
//! 3. A template `templates/audit/<page>.html.jinja` that extends `layout`, listed in `template.rs`. What several pages
//!    show is a macro in `templates/audit/part/` and a view in `surface/trail/`. No style attribute and no inline script:
//!    the content security policy refuses them.
//! 4. A line in `route.rs`, a link in `links.rs`, a section in `page.rs` if it is in the navigation.
//! 5. A line in the list of routes of `tests/it/surface/`, which feeds hostile data through every page, walks it as a
//!    scoped operator and as a denied one, and compares page and twin.

mod access;
mod operator_surface;
mod theme;

mod answer;
mod asset;
mod authorize;
mod chrome;
mod command;
mod failure;
mod find;
mod format;
mod headers;
mod links;
mod moment;
mod page;
mod parameters;
mod place;
mod prose;
mod reads;
mod record;
mod route;
mod saved_view;
mod standing;
#[expect(clippy::module_inception, reason = "it is what a surface is made of")]
mod surface;
mod template;
mod text;
mod visit;
mod written_key;

mod activity;
mod coverage;
mod export;
mod export_job;
mod home;
mod redaction;
mod retention;
mod row;
mod timeline;
mod trail;
mod transaction;

pub use self::{access::Access, operator_surface::OperatorSurface, theme::Theme};
