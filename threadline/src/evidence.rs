//! What was checked or done, and how much that proves: append-only records.
//!
//! Retention runs, baselines, exports and checks of the coverage write theirs themselves; an application adds its own with
//! [`record_evidence`].

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func},
};
use serde_json::{Map, Value};

pub use crate::entity::audit_evidence::{Model as AuditEvidence, Verdict};
use crate::{
    entity::audit_evidence::{self, Column},
    error::{Error, Result, sqlstate},
    query::{MAX_PAGE_SIZE, Page, PageToken, fingerprint},
    transaction::function,
};

/// The subject of the evidence that a retention run leaves; the reference is the run's number.
pub const RETENTION_RUN: &str = "retention_run";
/// The subject of the evidence that an export leaves; the reference is `sha256:` and the digest of
/// its bytes.
pub const EXPORT: &str = "export";
/// The subject of the evidence that a check of the coverage leaves; the reference is the audit schema.
pub const COVERAGE: &str = "coverage";
/// The subject of the evidence that a baseline leaves; the reference is the table.
pub const BASELINE: &str = "baseline";

/// Prepares a piece of evidence about one thing of a kind.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::evidence::{Verdict, record_evidence};
///
/// record_evidence("access_review", "2026-q4")
///     .verdict(Verdict::Proven)
///     .provenance("reviewed_by", "alice")
///     .insert(db)
///     .await?;
/// # Ok(()) }
/// ```
pub fn record_evidence(subject: impl Into<String>, reference: impl Into<String>) -> RecordEvidence {
    RecordEvidence {
        subject: subject.into(),
        reference: reference.into(),
        verdict: Verdict::Unsupported,
        provenance: Map::new(),
    }
}

/// A piece of evidence to be recorded; see [`record_evidence`].
#[derive(Clone, Debug)]
#[must_use = "nothing is recorded before `insert`"]
pub struct RecordEvidence {
    subject: String,
    reference: String,
    verdict: Verdict,
    provenance: Map<String, Value>,
}

impl RecordEvidence {
    /// Sets how much it proves. Default: [`Verdict::Unsupported`].
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// Adds where it comes from, or what was seen. Default: nothing.
    pub fn provenance(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.provenance.insert(name.into(), value.into());
        self
    }

    /// Records it and gives it back as stored.
    ///
    /// # Errors
    /// [`Error::Refused`] when the subject or the reference is empty or longer than 256 bytes, or
    /// the provenance larger than 64 KiB; [`Error::NotPermitted`] for a role that may only read.
    pub async fn insert<C: ConnectionTrait>(self, db: &C) -> Result<AuditEvidence> {
        let call = Func::cust(function("record_evidence"))
            .arg(self.subject)
            .arg(self.reference)
            .arg(self.verdict.as_str())
            .arg(Expr::val(Value::Object(self.provenance).to_string()).cast_as("jsonb"));
        let mut select = audit_evidence::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_function(call, Alias::new("audit_evidence"));
        let row = db.query_one(QuerySelect::query(&mut select)).await;
        let row = row.map_err(|err| match sqlstate(&err).as_deref() {
            // A character that text or jsonb can't hold.
            Some("22P05" | "22021") => Error::Refused { err },
            _ => err.into(),
        })?;
        let row = row.ok_or(DbErr::RecordNotInserted)?;
        Ok(AuditEvidence::from_query_result(&row, "")?)
    }
}

impl RecordEvidence {
    /// As [`insert`](Self::insert), where this can be done at all: nothing is recorded and `None` given
    /// for a role that may only read, on a standby, and where there is no audit schema.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) for everything else.
    pub async fn insert_if_permitted<C: ConnectionTrait>(
        self,
        db: &C,
    ) -> Result<Option<AuditEvidence>> {
        match self.insert(db).await {
            Ok(evidence) => Ok(Some(evidence)),
            Err(Error::NotPermitted { .. } | Error::NotInstalled { .. }) => Ok(None),
            // A transaction that may only read.
            Err(Error::Database(err)) if sqlstate(&err).as_deref() == Some("25006") => Ok(None),
            Err(err) => Err(err),
        }
    }
}

/// Starts a query over the evidence, newest first.
///
/// ```no_run
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// let page = threadline::evidence::evidence().subject("retention_run").fetch(db).await?;
/// for record in page.entries {
///     println!("{} {}", record.reference, record.verdict.as_str());
/// }
/// # Ok(()) }
/// ```
pub fn evidence() -> Evidence {
    Evidence {
        subject: None,
        reference: None,
        page_size: 100,
        after: None,
    }
}

/// A query over the evidence; see [`evidence`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `fetch`"]
pub struct Evidence {
    subject: Option<String>,
    reference: Option<String>,
    page_size: u64,
    after: Option<PageToken>,
}

impl Evidence {
    /// Only of this kind. Default: every kind.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Only about this one. Default: every one.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Sets how many records a page has, from 1 to [`MAX_PAGE_SIZE`]. Default: 100.
    pub fn page_size(mut self, records: u64) -> Self {
        self.page_size = records.clamp(1, MAX_PAGE_SIZE);
        self
    }

    /// Begins where another page ended. Default: the newest.
    pub fn after(mut self, token: PageToken) -> Self {
        self.after = Some(token);
        self
    }

    /// Reads one page.
    ///
    /// # Errors
    /// [`Error::InvalidPageToken`] when the token belongs to a query with other filters; otherwise
    /// when the database fails.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Page<AuditEvidence>> {
        let query = fingerprint(&format!("evidence {:?} {:?}", self.subject, self.reference));
        let mut select = audit_evidence::Entity::find().order_by_desc(Column::Id);
        if let Some(subject) = &self.subject {
            select = select.filter(Column::Subject.eq(subject));
        }
        if let Some(reference) = &self.reference {
            select = select.filter(Column::Reference.eq(reference));
        }
        if let Some(token) = &self.after {
            select = select.filter(Column::Id.lt(token.position(query)?.1));
        }
        let mut entries = select.limit(self.page_size + 1).all(db).await?;
        let more = entries.len() as u64 > self.page_size;
        if more {
            entries.pop();
        }
        let last = entries.last().filter(|_| more);
        let next = last.map(|last| PageToken::new(query, last.recorded_at, last.id));
        let previous = None;
        Ok(Page {
            entries,
            next,
            previous,
        })
    }
}
