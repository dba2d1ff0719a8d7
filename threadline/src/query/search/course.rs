use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Select, sea_query::SelectStatement};

use super::{
    evidence::{self, Evidence},
    few::{self, Answer},
    step::{Month, Step, Steps},
};
use crate::{
    entity::audit_change,
    error::Result,
    query::{
        filter::{Filter, Key},
        way::Way,
    },
};

/// A place in the order of changes: `(captured_at, id)`.
pub(in crate::query) type Position = (DateTime<Utc>, i64);

/// What asking about a month costs, in changes looked through.
const MONTH: u64 = 1_000;
/// What reading the changes of a transaction costs, in changes looked through: they lie apart.
const TRANSACTION: u64 = 32;
/// What looking through a change costs when its transaction has to be looked up.
const LOOK_UP: u64 = 6;
/// How many changes a walk for one of a busy key looks through, twice as many as it should have to.
const BUSY_WAY: u64 = 20;

/// A search under way: what was looked through, and what comes next.
#[derive(Debug)]
pub(in crate::query) struct Search<'f> {
    filter: &'f Filter,
    way: Way,
    /// Everything up to here has been looked through.
    edge: Option<Position>,
    /// How many changes may still be looked through.
    budget: u64,
    asked: bool,
    answer: Answer,
    current: Option<Current>,
    end: Option<End>,
}

/// A step that was given out.
#[derive(Clone, Copy, Debug)]
struct Current {
    step: Step,
    missing: u64,
    /// What it costs where it finds less than is missing, in changes looked through.
    cost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// There is nothing more.
    Exhausted,
    /// There may be more, but enough was looked through.
    Stopped,
}

impl<'f> Search<'f> {
    /// Starts behind a position, or with the newest change; on the way forth with the oldest.
    pub(in crate::query) fn new(
        filter: &'f Filter,
        way: Way,
        edge: Option<Position>,
        limit: u64,
    ) -> Self {
        Self {
            filter,
            way,
            edge,
            budget: limit,
            asked: false,
            answer: Answer::default(),
            current: None,
            end: None,
        }
    }

    /// Where the search stopped before its end; `None` when there is nothing more.
    pub(in crate::query) fn stopped(&self) -> Option<Position> {
        self.edge.filter(|_| self.end == Some(End::Stopped))
    }

    /// The statement to begin with, for a caller that reads changes whole: what it finds where the
    /// key has few transactions. Its rows are for [`take`](Self::take), scope and all. `None` where
    /// nothing has to be asked.
    pub(in crate::query) fn begin(&mut self, missing: u64) -> Option<SelectStatement> {
        let key = self.key()?;
        self.asked = true;
        Some(few::statement(&self.steps(), key, missing))
    }

    /// Takes a row of the first statement, and gives its change if it has one.
    pub(in crate::query) fn take(
        &mut self,
        row: &QueryResult,
    ) -> Result<Option<audit_change::Model>> {
        let change = few::change(row)?;
        if change.is_none() {
            self.answer = Answer::read(row)?;
        }
        Ok(change)
    }

    /// Takes note of how many changes the first statement found.
    pub(in crate::query) fn begun(&mut self, found: u64, missing: u64) {
        if !self.answer.are_many && found < missing {
            self.end = Some(End::Exhausted);
        }
    }

    /// The next step, for a caller that still misses some changes: it finds no more than those,
    /// nearest first, and further on the way than the steps before. It takes no further condition.
    /// `None` at the end.
    pub(in crate::query) async fn step<C: ConnectionTrait>(
        &mut self,
        missing: u64,
        db: &C,
    ) -> Result<Option<Select<audit_change::Entity>>> {
        while self.end.is_none() {
            if let Some((step, cost)) = self.choose(missing, db).await? {
                self.current = Some(Current {
                    step,
                    missing,
                    cost,
                });
                return Ok(Some(self.steps().select(step, missing)));
            }
        }
        Ok(None)
    }

    /// Chooses a step and says what it costs; `None` where a month has nothing to find, or at the end.
    async fn choose<C: ConnectionTrait>(
        &mut self,
        missing: u64,
        db: &C,
    ) -> Result<Option<(Step, u64)>> {
        let limit = self.budget;
        let walk = Step::Walk { limit, month: None };
        if self.filter.transaction.is_some() && self.filter.record.is_none() {
            return Ok(Some((Step::Transaction, 0)));
        }
        let Some(key) = self.key() else {
            let every = !self.filter.has_conditions();
            return Ok(Some((if every { Step::Every } else { walk }, limit)));
        };
        if !std::mem::replace(&mut self.asked, true)
            && evidence::are_few(&self.steps(), key, db).await?
        {
            return Ok(Some((Step::Transactions { month: None }, 0)));
        }
        if std::mem::take(&mut self.answer.is_busy) {
            let limit = Ord::min(limit, missing.saturating_mul(BUSY_WAY));
            return Ok(Some((Step::Walk { limit, month: None }, limit)));
        }
        let (month, found) = match evidence::ask(&self.steps(), key, missing, db).await? {
            Evidence::Nothing => {
                self.end = Some(End::Exhausted);
                return Ok(None);
            }
            Evidence::Many => return Ok(Some((walk, limit))),
            Evidence::Month(month, 0) => {
                self.go_beyond(month, MONTH);
                return Ok(None);
            }
            Evidence::Month(month, found) => (Some(month), found),
        };
        let way = missing.saturating_mul(month.map_or(0, |month| month.transactions())) / found;
        let by_transactions = found.saturating_mul(TRANSACTION);
        let by_set = way.saturating_add(found);
        Ok(Some(if by_transactions <= by_set {
            (Step::Transactions { month }, by_transactions.max(MONTH))
        } else if by_set <= way.saturating_mul(LOOK_UP) {
            (Step::Walk { limit, month }, limit)
        } else {
            (walk, limit)
        }))
    }

    /// Takes note of what the step found: how many changes, and the place of the last where it is
    /// known.
    pub(in crate::query) async fn found<C: ConnectionTrait>(
        &mut self,
        found: u64,
        last: Option<Position>,
        db: &C,
    ) -> Result<()> {
        let Some(Current {
            step,
            missing,
            cost,
        }) = self.current.take()
        else {
            return Ok(());
        };
        if found >= missing {
            return Ok(());
        }
        match step {
            Step::Every | Step::Transaction | Step::Few | Step::Transactions { month: None } => {
                self.end = Some(End::Exhausted);
            }
            Step::Transactions { month: Some(month) } => self.go_beyond(month, cost),
            Step::Walk { limit, month } => {
                match self.steps().end_of_walk(limit, month, db).await? {
                    // Changes committed meanwhile move the end up; what was found is not found again.
                    Some(place) => {
                        let further = |last| self.way.further(last, place);
                        self.edge = Some(last.map_or(place, further));
                        self.spend(cost);
                    }
                    None => match month {
                        Some(month) => self.go_beyond(month, cost / 2),
                        None => self.end = Some(End::Exhausted),
                    },
                }
            }
        }
        Ok(())
    }

    /// The key that finds transactions, unless something else finds less.
    fn key(&self) -> Option<Key> {
        let finds_less = self.filter.transaction.is_some() || self.filter.record.is_some();
        self.filter.key().filter(|_| !finds_less)
    }

    /// Goes on with what was captured in other months.
    fn go_beyond(&mut self, month: Month, cost: u64) {
        let edge = match self.way {
            Way::Older => month.since,
            Way::Newer => month.until,
        };
        self.edge = Some((edge, i64::MIN));
        let is_last = match self.way {
            Way::Older => self.filter.from.is_some_and(|from| from >= edge),
            Way::Newer => self.filter.to.is_some_and(|to| to < edge),
        };
        if is_last {
            self.end = Some(End::Exhausted);
        }
        self.spend(cost);
    }

    fn spend(&mut self, cost: u64) {
        self.budget = self.budget.saturating_sub(cost);
        if self.budget == 0 && self.end.is_none() {
            self.end = Some(End::Stopped);
        }
    }

    fn steps(&self) -> Steps<'f> {
        Steps {
            filter: self.filter,
            way: self.way,
            edge: self.edge,
        }
    }
}
