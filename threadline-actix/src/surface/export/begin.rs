use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse};
use threadline::{
    AuditContext, AuditedTransactionExt as _,
    export::{ExportFormat, export},
    record_action,
};

use super::{
    answer::{busy, failed, file, refused},
    format::{ACTION, details, file_name},
    send::body,
    slot::Slot,
};
use crate::surface::{
    authorize::Refusal,
    command::Command,
    failure::Failure,
    reads::Reads,
    surface::Surface,
    timeline::{Filter, Question, explained, query},
    visit::Visit,
};

const NOT_OPEN: &str = "Exports are not open to you here.";
const NO_ACTOR: &str =
    "An export is recorded with who asked for it, and this request names nobody.";
const CROSS_SITE: &str =
    "Another site asked for this export. Follow the link on the timeline instead.";

/// Begins to send a file, to somebody who may read the trail.
pub(crate) async fn begin(
    surface: &Rc<Surface>,
    request: &HttpRequest,
    format: ExportFormat,
) -> HttpResponse {
    let not_open = || refused(NOT_OPEN, &Command::new("export"));
    let Some(gate) = &surface.export else {
        return not_open();
    };
    let authorized = match gate.pass(request).await {
        Ok(authorized) => authorized,
        Err(Refusal::Denied) => return not_open(),
        Err(Refusal::Broken(failure)) => return logged(request, &failure),
    };
    let visit = Visit::new(request, surface, authorized);
    let question = match visit.parameters().and_then(Question::read) {
        Ok(question) => question,
        Err(failure) => return logged(request, &failure),
    };
    // A link on another site, a subdomain of this one included, would read the trail, and record it, in the operator's
    // name. Programs that are no browser don't say.
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return refused(CROSS_SITE, &same(&question, format));
    }
    let Some(context) = visit
        .context()
        .filter(|context| context.actor_ref().is_some())
    else {
        return refused(NO_ACTOR, &same(&question, format));
    };
    let settings = &surface.settings;
    let Some(slot) = Slot::take(&surface.db, settings.exports_at_a_time) else {
        return busy();
    };
    match send(&visit, &question, format, &context, slot).await {
        Ok(response) => response,
        Err(failure) => logged(request, &failure),
    }
}

/// The command that writes the same file.
fn same(question: &Question, format: ExportFormat) -> Command {
    let command = Command::new("export").option("--format", format.as_str());
    question.filter.options(command)
}

fn logged(request: &HttpRequest, failure: &Failure) -> HttpResponse {
    let audit = crate::audit::Audit::of(request).ok();
    failure.log(audit.as_deref());
    let request_id = audit.as_deref().and_then(AuditContext::request);
    failed(failure, request_id)
}

/// Records the export, then reads. What is not recorded is not read. The first bytes are read before there is an answer, so
/// that what can't be read is no file.
async fn send(
    visit: &Visit,
    question: &Question,
    format: ExportFormat,
    context: &AuditContext,
    slot: Slot,
) -> Result<HttpResponse, Failure> {
    let surface = visit.surface();
    let (settings, limit) = (&surface.settings, surface.settings.export_limit);
    let scope = visit.scope().cloned();
    let reads = Reads::begin(&surface.db, settings.timeout, scope).await?;
    let explain = |err: threadline::Error| explained(question, err.into());
    let query = query(question, &reads).await?;
    let export = export(question.place(query.clone()))
        .format(format)
        .limit(limit)
        .statement_limit(settings.timeout);
    export.check().map_err(explain)?;
    // What the database does not take, a key for example, it says at the first change.
    let taken = query.scan_limit(1).count(1, reads.db()).await;
    let name = file_name(format, question.now(&reads));
    reads.end().await?;
    taken.map_err(explain)?;
    record(visit, context, format, &question.filter, limit).await?;
    let mut exporter = export.begin(&surface.db).await?;
    let first = exporter.next_chunk().await.map_err(explain)?;
    let bytes = body(
        first.unwrap_or_default(),
        exporter,
        settings.export_patience,
        slot,
    );
    Ok(file(format, &name, limit, bytes))
}

async fn record(
    visit: &Visit,
    context: &AuditContext,
    format: ExportFormat,
    filter: &Filter,
    limit: u64,
) -> Result<(), Failure> {
    let action = record_action(ACTION)
        .category("audit")
        .verb("exported")
        .details(details(format, filter, limit, visit.is_scoped()));
    let db = &visit.surface().db;
    db.audited_transaction(context, async |txn| -> threadline::Result<()> {
        action.insert(txn).await?;
        Ok(())
    })
    .await?;
    Ok(())
}
