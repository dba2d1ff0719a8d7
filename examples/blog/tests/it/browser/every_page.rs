use super::{
    axe::assert_accessible,
    operator::{Operator, Scheme, View},
    pages,
};
use crate::support::Blog;

/// A screen, a tablet, a phone, and the screen with a zoom of 200 %.
const VIEWS: [View; 4] = [
    View {
        width: 1440,
        height: 900,
        scale: 1,
    },
    View {
        width: 768,
        height: 1024,
        scale: 1,
    },
    View {
        width: 390,
        height: 844,
        scale: 1,
    },
    View {
        width: 720,
        height: 450,
        scale: 2,
    },
];

#[actix_web::test]
async fn no_page_has_a_serious_fault_of_accessibility_in_either_theme() {
    let blog = Blog::new("accessibility").await;
    blog.post("Hello", "hello").await;
    let served = blog.serve();
    let operator = Operator::at(served.address, "operator:demo").await;
    for scheme in Scheme::BOTH {
        operator.prefer(scheme).await;
        for page in pages::all() {
            operator.visit(&page).await;
            let name = format!("{page}, {}", scheme.as_str());
            assert_accessible(&operator.browser, &name).await;
        }
    }
    operator.heard_no_complaint().await;
    served.stop().await;
}

#[actix_web::test]
async fn no_page_is_wider_than_its_window() {
    let blog = Blog::new("widths").await;
    blog.post("Hello", "hello").await;
    let served = blog.serve();
    let operator = Operator::at(served.address, "operator:demo").await;
    for page in pages::all() {
        operator.visit(&page).await;
        for view in VIEWS {
            operator.look(view).await;
            let script = "const {scrollWidth, clientWidth} = document.documentElement; \
                          return [scrollWidth - clientWidth, window.innerWidth]";
            let measured = operator.browser.execute(script).await;
            assert_eq!(measured[0], 0, "{page}, {view:?}");
            assert_eq!(measured[1], view.width, "{page}, {view:?}");
        }
    }
    operator.heard_no_complaint().await;
    served.stop().await;
}
