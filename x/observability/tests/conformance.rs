//! The collector passes the suite of collectors.

use std::sync::Arc;

use plumego_log::Logger;
use plumego_metrics::conformance::{CollectorFixture, run};
use plumego_metrics::{AggregateCollector, CardinalityPolicy};
use plumego_x_observability::{PrometheusCollector, PrometheusConfig};

struct Prometheus;

fn collector(config: PrometheusConfig) -> Arc<dyn AggregateCollector> {
    match PrometheusCollector::with_config(config) {
        Ok(collector) => Arc::new(collector),
        Err(error) => panic!("{error}"),
    }
}

impl CollectorFixture for Prometheus {
    fn collector(&self, policy: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
        collector(PrometheusConfig::default().with_policy(policy))
    }

    fn collector_with_logger(
        &self,
        policy: CardinalityPolicy,
        logger: Arc<dyn Logger>,
    ) -> Arc<dyn AggregateCollector> {
        let config = PrometheusConfig::default().with_policy(policy);
        collector(config.with_logger(logger))
    }

    fn keeps_label_sets(&self) -> bool {
        true
    }

    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        Some(allocation_counter::measure(work).count_total)
    }
}

#[test]
fn the_collector_conforms() {
    run(&Prometheus).assert_passed();
}
