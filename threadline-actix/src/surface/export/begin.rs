use std::{rc::Rc, time::Duration};

use actix_web::{HttpRequest, HttpResponse};
use threadline::{
    AuditContext, AuditedTransactionExt as _,
    export::{ExportFormat, export},
    record_action,
};

use super::{
    answer::{failed, file, refused},
    format::{ACTION, details, file_name},
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

/// How long a client may stop reading before the database ends the export.
const IDLE: Duration = Duration::from_secs(60);

const NOT_OPEN: &str = "Exports are not open to you here.";
const NO_ACTOR: &str =
    "An export is recorded with who asked for it, and this request names nobody.";
const CROSS_SITE: &str =
    "Another site asked for this export. Follow the link on the timeline instead.";

/// Begins to send a file.
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
        Err(failure) => return failed(&failure),
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
    match send(&visit, &question, format, &context).await {
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
    failed(failure)
}

/// Records the export, then reads. What is not recorded is not read.
async fn send(
    visit: &Visit,
    question: &Question,
    format: ExportFormat,
    context: &AuditContext,
) -> Result<HttpResponse, Failure> {
    let surface = visit.surface();
    let limit = surface.settings.export_limit;
    let reads = Reads::begin(
        &surface.db,
        surface.settings.timeout,
        visit.scope().cloned(),
    )
    .await?;
    let query = question.place(query(question, &reads).await?);
    let export = export(query)
        .format(format)
        .limit(limit)
        .idle_limit(IDLE)
        .statement_limit(surface.settings.timeout);
    let count = export.count(limit, reads.db()).await;
    let name = file_name(format, question.now(&reads));
    reads.end().await?;
    let count = count.map_err(|err| explained(question, err.into()))?;
    record(visit, context, format, &question.filter, limit).await?;
    let bytes = export.begin(&surface.db).await?.into_stream();
    Ok(file(format, &name, limit, count, bytes))
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
