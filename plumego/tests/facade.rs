//! The facade is the roots under one name, no more.

use std::any::TypeId;

/// Both sides written out field for field.
fn same(left: &impl std::fmt::Debug, right: &impl std::fmt::Debug) {
    assert_eq!(format!("{left:#?}"), format!("{right:#?}"));
}

#[test]
fn defaults_are_those_of_core_field_for_field() {
    let core = plumego_core::AppConfig::default();
    same(&plumego::AppConfig::default(), &core);
    same(plumego::new().config(), &core);
    same(
        plumego::with_config(plumego::AppConfig::default()).config(),
        &core,
    );
    let discards = plumego_core::App::new(core, plumego_core::AppDependencies::default());
    let level = plumego::log::Level::Fatal;
    assert_eq!(
        plumego::new().logger().enabled(level, ""),
        discards.logger().enabled(level, "")
    );
}

#[test]
fn a_configuration_is_taken_as_it_is() {
    let config = plumego::AppConfig::default()
        .with_addr("127.0.0.1:0")
        .with_max_headers(7);
    same(plumego::with_config(config.clone()).config(), &config);
}

#[test]
fn names_are_the_types_of_the_roots() {
    fn is<A: 'static, B: 'static>() {
        assert_eq!(TypeId::of::<A>(), TypeId::of::<B>());
    }
    is::<plumego::App, plumego::core::App>();
    is::<plumego::AppDependencies, plumego_core::AppDependencies>();
    is::<plumego::Request, plumego::contract::Request>();
    is::<plumego::Response, plumego::contract::Response>();
    is::<plumego::Error, plumego_contract::Error>();
    is::<plumego::ErrorKind, plumego_contract::ErrorKind>();
    is::<plumego::Reply<u8>, plumego_contract::Reply<u8>>();
    is::<plumego::Json<u8>, plumego_contract::Json<u8>>();
    is::<plumego::router::Router, plumego_router::Router>();
    is::<plumego::middleware::stack::Stack, plumego_middleware::stack::Stack>();
    is::<plumego::health::HealthState, plumego_health::HealthState>();
    is::<plumego::metrics::BaseCollector, plumego_metrics::BaseCollector>();
}
