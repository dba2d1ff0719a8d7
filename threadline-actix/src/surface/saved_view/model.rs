//! The views of an operator beside a page. Pure.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;
use threadline::saved_view::{MAX_NAME_CHARS, SavedView};

use crate::surface::links::Links;

/// The views of an operator.
#[derive(Clone, Debug, Default)]
pub(crate) struct SavedViews {
    pub(crate) views: Vec<SavedView>,
    /// Whether the surface's connection may save and delete any.
    pub(crate) may_save: bool,
}

/// The filters of a page as parameters.
pub(crate) type Pairs = Vec<(&'static str, String)>;

/// A view: filters under a name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NamedFilters {
    /// The name.
    name: String,
    /// The filters, by the parameters of the timeline.
    filters: BTreeMap<String, String>,
}

impl SavedViews {
    /// What programs read.
    pub(crate) fn named(&self) -> Vec<NamedFilters> {
        let views = self.views.iter();
        views
            .map(|view| NamedFilters {
                name: view.name.clone(),
                filters: view.filter_texts(),
            })
            .collect()
    }

    /// What templates show. The filters are those of the page: they can be saved unless they are saved already.
    pub(crate) fn view(&self, filters: Option<Pairs>, token: &str, links: &Links) -> Value {
        let own: Option<BTreeMap<String, String>> = filters.map(|pairs| {
            let pairs = pairs.into_iter();
            pairs
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        });
        let mut known = false;
        let views: Vec<_> = self
            .views
            .iter()
            .map(|view| {
                let filters = view.filter_texts();
                let current = own.as_ref() == Some(&filters);
                known |= current;
                context! {
                    name => view.name.as_str(),
                    link => links.timeline(&query(&filters)),
                    delete => links.delete_view(view.id),
                    current,
                }
            })
            .collect();
        let query = own.as_ref().map(query);
        context! {
            views,
            token,
            save => links.save_view(),
            can_save => self.may_save && query.is_some() && !known,
            can_delete => self.may_save && !self.views.is_empty(),
            query,
            longest => MAX_NAME_CHARS,
        }
    }
}

/// Written anew, so that nothing but names and values of parameters gets into an address.
fn query(filters: &BTreeMap<String, String>) -> String {
    serde_urlencoded::to_string(filters).expect("pairs of texts can be written")
}
