use sea_orm::{
    Order,
    sea_query::{Expr, ExprTrait},
};

use super::page::PageToken;

/// Which way through the order of changes or transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Back in time.
    Older,
    /// Forth in time.
    Newer,
}

impl Way {
    pub(super) const fn order(self) -> Order {
        match self {
            Self::Older => Order::Desc,
            Self::Newer => Order::Asc,
        }
    }

    /// The order in SQL.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Older => "DESC",
            Self::Newer => "ASC",
        }
    }

    /// That a place comes behind another on the way.
    pub(super) fn is_behind(self, place: Expr, other: Expr) -> Expr {
        match self {
            Self::Older => place.lt(other),
            Self::Newer => place.gt(other),
        }
    }

    /// As [`is_behind`](Self::is_behind), or the same place.
    pub(super) fn is_not_ahead(self, place: Expr, other: Expr) -> Expr {
        match self {
            Self::Older => place.lte(other),
            Self::Newer => place.gte(other),
        }
    }

    /// Of two places the one further on the way.
    pub(super) fn further<P: Ord>(self, one: P, other: P) -> P {
        match self {
            Self::Older => one.min(other),
            Self::Newer => one.max(other),
        }
    }
}

/// Where a page begins.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Below what a token names.
    After(PageToken),
    /// Above it.
    Before(PageToken),
}

impl Place {
    pub(super) const fn way(&self) -> Way {
        match self {
            Self::After(_) => Way::Older,
            Self::Before(_) => Way::Newer,
        }
    }

    pub(super) const fn token(&self) -> &PageToken {
        match self {
            Self::After(token) | Self::Before(token) => token,
        }
    }
}

/// The tokens of a page: where the next one begins, and where the previous one ends.
///
/// `newest` and `oldest` are the edges of its entries, `end` is where the reading ended, if there
/// may be more.
pub(super) fn tokens(
    place: Option<&Place>,
    newest: Option<PageToken>,
    oldest: Option<PageToken>,
    end: Option<PageToken>,
) -> (Option<PageToken>, Option<PageToken>) {
    match place {
        None => (end, None),
        Some(Place::After(token)) => (end, Some(newest.unwrap_or_else(|| token.just_below()))),
        Some(Place::Before(token)) => (Some(oldest.unwrap_or_else(|| token.just_above())), end),
    }
}
