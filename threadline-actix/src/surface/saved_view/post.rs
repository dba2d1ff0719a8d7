//! What the forms send.

use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Payload,
};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, TransactionTrait as _};
use threadline::{
    ActorRef,
    saved_view::{SavedViewError, delete_view, save_view},
};

use super::token::is_from_here;
use crate::surface::{
    failure::Failure,
    parameters::Parameters,
    surface::Surface,
    timeline::{Filter, PARAMETERS},
    visit::Visit,
};

/// The largest form, in bytes: filters that can be saved, written as a form, and a name.
const LARGEST: usize = 64 * 1024;

/// Saves a view, and shows what it shows.
pub(crate) async fn save(
    surface: &Rc<Surface>,
    visit: &Visit,
    request: &HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Failure> {
    let (actor, mut form) = read(visit, request, body).await?;
    let name = form.text("name").unwrap_or_default();
    let query = form.text("query").unwrap_or_default();
    form.finish(&["name", "query", "token"])?;
    let filter = filter(&query)?;
    let transaction = begin(surface).await?;
    let view = save_view(&actor, name).filters(filter.pairs());
    view.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(see(visit.links().timeline(&filter.query())))
}

/// Deletes a view, and shows the page that it was deleted from. One that is gone already is as good as deleted.
pub(crate) async fn delete(
    surface: &Rc<Surface>,
    visit: &Visit,
    request: &HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Failure> {
    let (actor, mut form) = read(visit, request, body).await?;
    let back = form.text("back");
    let query = form.text("query").unwrap_or_default();
    form.finish(&["back", "query", "token"])?;
    let id = visit.segment("id")?.parse();
    let id = id.map_err(|_| Failure::NotFound { what: "saved view" })?;
    let back = match back.as_deref() {
        Some("timeline") => visit.links().timeline(&filter(&query)?.query()),
        _ => visit.links().home(),
    };
    let transaction = begin(surface).await?;
    delete_view(&actor, id, &transaction).await?;
    transaction.commit().await?;
    Ok(see(back))
}

/// A form that the operator has sent, and nobody for the operator.
async fn read(
    visit: &Visit,
    request: &HttpRequest,
    body: Payload,
) -> Result<(ActorRef, Parameters), Failure> {
    let (Some(actor), Some(token)) = (visit.actor(), visit.token()) else {
        return Err(Failure::from(SavedViewError::Anonymous));
    };
    if !is_from_here(request) {
        return Err(Failure::Forged);
    }
    let body = body.to_bytes_limited(LARGEST).await;
    let body = body.map_err(|_| Failure::parameter("form", "it is larger than 64 KiB"))?;
    let body = body.map_err(|_| Failure::parameter("form", "it was cut off on its way"))?;
    let text = std::str::from_utf8(&body);
    let text = text.map_err(|_| Failure::parameter("form", "it can't be read"))?;
    let mut form = Parameters::parse(text)?;
    let sent = form.text("token").unwrap_or_default();
    if !token.is_proved_by(&sent) {
        return Err(Failure::Forged);
    }
    Ok((actor, form))
}

/// The filters of a query string, all of them known.
fn filter(query: &str) -> Result<Filter, Failure> {
    let mut parameters = Parameters::parse(query)?;
    let filter = Filter::read(&mut parameters)?;
    parameters.finish(&PARAMETERS)?;
    Ok(filter)
}

async fn begin(surface: &Surface) -> Result<DatabaseTransaction, Failure> {
    let transaction = surface.db.begin().await?;
    transaction
        .execute_unprepared(&surface.settings.limit())
        .await?;
    Ok(transaction)
}

fn see(place: String) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((header::LOCATION, place))
        .finish()
}

impl From<SavedViewError> for Failure {
    fn from(error: SavedViewError) -> Self {
        let parameter = match &error {
            SavedViewError::Name | SavedViewError::NameTaken { .. } => Some("name"),
            SavedViewError::TooLarge => Some("query"),
            _ => None,
        };
        match error {
            SavedViewError::Audit(error) => Self::from(error),
            error => Self::NotSaved {
                kind: error.kind(),
                parameter,
                message: error.to_string(),
            },
        }
    }
}
