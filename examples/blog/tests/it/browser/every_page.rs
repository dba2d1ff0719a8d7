use std::path::Path;

use super::{
    axe,
    operator::{Operator, Scheme, View},
    pages,
    week::Week,
};

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
    let week = Week::new("accessibility").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    let mut faults = String::new();
    for scheme in Scheme::BOTH {
        operator.prefer(scheme).await;
        for page in pages::ALL {
            operator.visit(&format!("/audit{page}")).await;
            for fault in axe::faults(&operator.browser).await {
                faults += &format!("{page}, {}: {fault}\n", scheme.as_str());
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

#[actix_web::test]
async fn no_page_is_wider_than_its_window() {
    let week = Week::new("widths").await;
    let operator = Operator::at(week.served.address, "operator:demo").await;
    for page in pages::ALL {
        operator.visit(&format!("/audit{page}")).await;
        for view in VIEWS {
            operator.look(view).await;
            leave_pictures(page, view, &operator).await;
            let script = "const {scrollWidth, clientWidth} = document.documentElement; \
                          return [scrollWidth - clientWidth, window.innerWidth]";
            let measured = operator.browser.execute(script).await;
            assert_eq!(measured[0], 0, "{page}, {view:?}");
            assert_eq!(measured[1], view.width, "{page}, {view:?}");
        }
    }
    operator.heard_no_complaint().await;
    week.served.stop().await;
}

/// For somebody who wants to look: `THREADLINE_PICTURES` names a directory.
async fn leave_pictures(page: &str, view: View, operator: &Operator) {
    let Some(directory) = std::env::var_os("THREADLINE_PICTURES") else {
        return;
    };
    let name: String = page
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    for scheme in Scheme::BOTH {
        operator.prefer(scheme).await;
        let file = format!(
            "{name}-{}x{}-{}.png",
            view.width,
            view.scale,
            scheme.as_str()
        );
        let picture = operator.browser.picture(true).await;
        std::fs::write(Path::new(&directory).join(file), picture).unwrap();
    }
}
