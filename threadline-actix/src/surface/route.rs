//! The paths of the surface, and what every answer goes through.

use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route,
    dev::{AppService, HttpServiceFactory as _, Service as _},
    guard,
    http::{StatusCode, header},
    web,
};
use minijinja::context;
use threadline::export::ExportFormat;

use super::{
    activity, answer, asset,
    authorize::{Authorized, Gate, Refusal},
    command::Command,
    coverage, export, export_job,
    failure::Failure,
    find::find,
    headers, home,
    page::Page,
    reads::Reads,
    redaction, retention, row, saved_view,
    surface::{Mount, Surface},
    timeline, transaction,
    visit::Visit,
};
use crate::audit::Audit;

/// Registers every path.
pub(super) fn register(surface: &Rc<Surface>, config: &mut AppService) {
    web::scope("")
        .wrap_fn(|request, service| {
            Mount::note(&request);
            let answered = service.call(request);
            async move {
                let mut answer = answered.await?;
                headers::protect(answer.headers_mut());
                Ok(answer)
            }
        })
        .service(home(surface))
        .service(finder(surface))
        .service(page(surface, "/timeline", timeline::show))
        .service(policy_page(
            surface,
            "/coverage",
            || Command::new("health coverage"),
            coverage::show,
        ))
        .service(policy_page(
            surface,
            "/policy/redaction",
            || Command::new("policy show"),
            redaction::show,
        ))
        .service(policy_page(
            surface,
            "/policy/retention",
            || Command::new("retention show"),
            retention::show,
        ))
        .service(page(surface, "/transactions/{id}", transaction::show))
        .service(form(surface, "/views", saved_view::save))
        .service(form(surface, "/views/{id}/delete", saved_view::delete))
        .service(page(surface, "/rows/{table}/{key}", row::show))
        .service(page(surface, "/actors/{kind}", activity::of_actor))
        .service(page(surface, "/actors/{kind}/{id}", activity::of_actor))
        .service(page(
            surface,
            "/correlations/{id}",
            activity::of_correlation,
        ))
        .service(page(surface, "/requests/{id}", activity::of_request))
        .service(page(surface, "/exports", export_job::show))
        .service(exports(surface, ExportFormat::Csv))
        .service(exports(surface, ExportFormat::Json))
        .service(exports(surface, ExportFormat::Ndjson))
        .service(assets(surface))
        .default_service(web::to({
            let surface = Rc::clone(surface);
            move |request: HttpRequest| {
                let surface = Rc::clone(&surface);
                async move { nothing(&surface, &request).await }
            }
        }))
        .register(config);
}

/// A page and its JSON twin, for who may read the trail.
///
/// The last part of a path that ends in a pattern may hold the extension of the twin:
/// [`Visit::last_segment`] takes it off.
fn page<P, F>(surface: &Rc<Surface>, path: &str, show: F) -> Resource
where
    P: Page + 'static,
    F: AsyncFn(&Visit, &Reads) -> Result<P, Failure> + 'static,
{
    gated(surface, &surface.pages, path, show)
}

/// A page of coverage, redaction or retention, for who may see them. Who may not is told the command.
fn policy_page<P, F>(
    surface: &Rc<Surface>,
    path: &str,
    command: fn() -> Command,
    show: F,
) -> Resource
where
    P: Page + 'static,
    F: AsyncFn(&Visit, &Reads) -> Result<P, Failure> + 'static,
{
    let show = async move |visit: &Visit, reads: &Reads| {
        if !visit.sees_policies() {
            let command = command();
            return Err(Failure::NotAllowed { command });
        }
        show(visit, reads).await
    };
    gated(surface, &surface.pages, path, show)
}

fn gated<P, F>(surface: &Rc<Surface>, gate: &Rc<Gate>, path: &str, show: F) -> Resource
where
    P: Page + 'static,
    F: AsyncFn(&Visit, &Reads) -> Result<P, Failure> + 'static,
{
    let twin = format!("{path}.json");
    let mut paths = vec![path];
    if !path.ends_with('}') {
        paths.push(&twin);
    }
    at(surface, gate, paths, show)
}

/// What is shown at some paths.
fn at<P, F>(surface: &Rc<Surface>, gate: &Rc<Gate>, paths: Vec<&str>, show: F) -> Resource
where
    P: Page + 'static,
    F: AsyncFn(&Visit, &Reads) -> Result<P, Failure> + 'static,
{
    let rest = other_methods(gate, READ);
    let (surface, gate, show) = (Rc::clone(surface), Rc::clone(gate), Rc::new(show));
    let handler = move |request: HttpRequest| {
        let (surface, gate, show) = (Rc::clone(&surface), Rc::clone(&gate), Rc::clone(&show));
        async move {
            match gate.pass(&request).await {
                Ok(authorized) => {
                    let visit = Visit::new(&request, &surface, authorized);
                    answer::to(&visit, read(&visit, &*show).await)
                }
                Err(refusal) => refused(&request, refusal),
            }
        }
    };
    web::resource(paths)
        .route(reading().to(handler))
        .default_service(rest)
}

/// The methods of an address that is only read.
const READ: &str = "GET, HEAD";

/// A route of those methods.
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The other methods of an address that is only read. Who may not be here reads the same as on every path.
fn other_methods(gate: &Rc<Gate>, allowed: &'static str) -> Route {
    let gate = Rc::clone(gate);
    web::to(move |request: HttpRequest| {
        let gate = Rc::clone(&gate);
        async move {
            match gate.pass(&request).await {
                Ok(_) => HttpResponse::MethodNotAllowed()
                    .insert_header((header::ALLOW, allowed))
                    .finish(),
                Err(refusal) => refused(&request, refusal),
            }
        }
    })
}

/// Where a form is sent. There is nothing to be seen.
fn form<F>(surface: &Rc<Surface>, path: &str, take: F) -> Resource
where
    F: AsyncFn(&Rc<Surface>, &Visit, &HttpRequest, web::Payload) -> Result<HttpResponse, Failure>
        + 'static,
{
    let take = Rc::new(take);
    let of_form = Rc::clone(surface);
    let of_rest = Rc::clone(surface);
    let handler = move |request: HttpRequest, body: web::Payload| {
        let (surface, take) = (Rc::clone(&of_form), Rc::clone(&take));
        async move {
            match surface.pages.pass(&request).await {
                Ok(authorized) => {
                    let visit = Visit::new(&request, &surface, authorized);
                    let taken = take(&surface, &visit, &request, body).await;
                    taken.unwrap_or_else(|failure| answer::failed(&visit, &failure))
                }
                Err(refusal) => refused(&request, refusal),
            }
        }
    };
    let rest = move |request: HttpRequest| {
        let surface = Rc::clone(&of_rest);
        async move { nothing(&surface, &request).await }
    };
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(rest))
}

/// Reads what a page shows, in one snapshot.
async fn read<P, F>(visit: &Visit, show: &F) -> Result<P, Failure>
where
    P: Page,
    F: AsyncFn(&Visit, &Reads) -> Result<P, Failure>,
{
    let surface = visit.surface();
    let scope = visit.scope().cloned();
    let reads = Reads::begin(&surface.db, surface.settings.timeout, scope).await?;
    let shown = show(visit, &reads).await;
    if shown.is_ok() {
        surface.standing.refresh(visit, &reads).await;
    }
    let ended = reads.end().await;
    let shown = shown?;
    ended?;
    Ok(shown)
}

/// The home page, which has no name to put an extension to.
fn home(surface: &Rc<Surface>) -> Resource {
    at(
        surface,
        &surface.pages,
        vec!["", "/", "/index.json"],
        home::show,
    )
}

/// Leads from what somebody looks for to the page that has it.
fn finder(surface: &Rc<Surface>) -> Resource {
    let rest = other_methods(&surface.pages, READ);
    let surface = Rc::clone(surface);
    web::resource("/find")
        .route(reading().to(move |request: HttpRequest| {
            let surface = Rc::clone(&surface);
            async move {
                let visit = match surface.pages.pass(&request).await {
                    Ok(authorized) => Visit::new(&request, &surface, authorized),
                    Err(refusal) => return refused(&request, refusal),
                };
                let found = visit
                    .parameters()
                    .and_then(|parameters| find(parameters, visit.links()));
                match found {
                    Ok(place) => HttpResponse::SeeOther()
                        .insert_header((header::LOCATION, place))
                        .finish(),
                    Err(failure) => answer::failed(&visit, &failure),
                }
            }
        }))
        .default_service(rest)
}

/// The timeline as a file.
fn exports(surface: &Rc<Surface>, format: ExportFormat) -> Resource {
    // An export is recorded: there is none without its content.
    let rest = other_methods(&surface.pages, "GET");
    let surface = Rc::clone(surface);
    let path = format!("/export.{}", format.as_str());
    web::resource(path)
        .route(web::get().to(move |request: HttpRequest| {
            let surface = Rc::clone(&surface);
            async move {
                match surface.pages.pass(&request).await {
                    Ok(_) => export::begin(&surface, &request, format).await,
                    Err(refusal) => refused(&request, refusal),
                }
            }
        }))
        .default_service(rest)
}

/// The files of the surface itself.
fn assets(surface: &Rc<Surface>) -> Resource {
    let rest = other_methods(&surface.pages, READ);
    let surface = Rc::clone(surface);
    web::resource("/assets/{file}")
        .route(
            reading().to(move |request: HttpRequest, file: web::Path<String>| {
                let surface = Rc::clone(&surface);
                async move {
                    let found = match surface.pages.pass(&request).await {
                        Ok(Authorized { .. }) => asset::find(&file),
                        Err(refusal) => return refused(&request, refusal),
                    };
                    match found {
                        Some(asset) => HttpResponse::Ok()
                            .insert_header((header::CACHE_CONTROL, headers::KEPT))
                            .content_type(asset.content_type)
                            .body(asset.text),
                        None => HttpResponse::NotFound().finish(),
                    }
                }
            }),
        )
        .default_service(rest)
}

/// A path that leads nowhere. Who may not be here reads the same on every path.
async fn nothing(surface: &Rc<Surface>, request: &HttpRequest) -> HttpResponse {
    match surface.pages.pass(request).await {
        Ok(authorized) => {
            let visit = Visit::new(request, surface, authorized);
            answer::failed(&visit, &Failure::NotFound { what: "page" })
        }
        Err(refusal) => refused(request, refusal),
    }
}

/// Keeps somebody out, without a word of what there is.
fn refused(request: &HttpRequest, refusal: Refusal) -> HttpResponse {
    let status = match refusal {
        Refusal::Denied => StatusCode::NOT_FOUND,
        Refusal::Broken(failure) => {
            failure.log(Audit::of(request).ok().as_deref());
            failure.status()
        }
    };
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        _ => "Internal server error",
    };
    answer::bare(status, context! { title })
}
