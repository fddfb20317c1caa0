//! Metrics that an application defines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use plumego_metrics::{
    BoundSeries, InstrumentDef, InstrumentId, InstrumentSink, LabelValues, Labels, MetricKind,
    MetricName, MetricsError, Unit,
};

use super::cell::Cell;
use super::error::RegistryError;
use super::family::{Asked, Family, Series};
use super::series::{Guard, Shape};
use super::snapshot::FamilySnapshot;

/// Metrics by name, for what an application measures itself. Clones are the same
/// registry.
///
/// Names are whole: nothing is put before them. Label names are fixed when a
/// metric is defined, and values given with each measurement. The same
/// definition again gives the same metric; another one under the same name is a
/// conflict.
///
/// ```
/// use plumego_x_observability::{PrometheusCollector, RegistryError};
///
/// let collector = PrometheusCollector::new("shop")?;
/// let registry = collector.registry();
/// let mails = registry.counter("shop_mails_total", "Mails that were sent.", ["relay"])?;
/// mails.inc(["eu"]);
/// let by_hand = mails.bind(["us"]);
/// by_hand.add(2.0);
///
/// assert!(collector.render_text().contains("shop_mails_total{relay=\"us\"} 2\n"));
/// let other = registry.gauge("shop_mails_total", "Mails that were sent.", ["relay"]);
/// assert_eq!(other.unwrap_err(), RegistryError::Conflict("shop_mails_total".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    guard: Arc<Guard>,
    constant_labels: Labels,
    /// Metrics in the order they came; the position is the id of an instrument.
    families: ArcSwap<Vec<Arc<Family>>>,
    names: RwLock<BTreeMap<String, Held>>,
}

/// What a name is.
enum Held {
    /// The position in the list.
    Kept(usize),
    Asked(Arc<Asked>),
    /// The collector writes it.
    Reserved,
}

impl Registry {
    pub(super) fn new(guard: Arc<Guard>, constant_labels: Labels) -> Self {
        Self(Arc::new(Inner {
            guard,
            constant_labels,
            families: ArcSwap::default(),
            names: RwLock::default(),
        }))
    }

    /// A counter with these label names. Readers expect its name to end in
    /// `_total`.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    pub fn counter<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<CounterVec<N>, RegistryError> {
        let definition = define(name, help, MetricKind::Counter, &labels)?;
        self.keep(definition, Shape::Values).map(CounterVec)
    }

    /// A gauge with these label names.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    pub fn gauge<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<GaugeVec<N>, RegistryError> {
        let definition = define(name, help, MetricKind::Gauge, &labels)?;
        self.keep(definition, Shape::Values).map(GaugeVec)
    }

    /// A histogram with these label names and upper bounds of its buckets: 1 to
    /// 64, finite, each above the one before.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    pub fn histogram<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        buckets: &[f64],
    ) -> Result<HistogramVec<N>, RegistryError> {
        let mut definition = define(name, help, MetricKind::Histogram, &labels)?;
        definition.buckets = buckets.to_vec();
        self.keep(definition, Shape::Values).map(HistogramVec)
    }

    /// A gauge whose values somebody else keeps: `ask` is called by each scrape,
    /// with what takes the values of labels and the level. It must not block,
    /// and gives each label set once.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; asking cannot be registered twice.
    pub fn asked_gauge<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        ask: impl Fn(&mut dyn FnMut([&str; N], f64)) + Send + Sync + 'static,
    ) -> Result<(), RegistryError> {
        self.ask(define(name, help, MetricKind::Gauge, &labels)?, ask)
    }

    /// A counter whose values somebody else keeps, and never lowers; see
    /// [`asked_gauge`](Self::asked_gauge).
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; asking cannot be registered twice.
    pub fn asked_counter<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        ask: impl Fn(&mut dyn FnMut([&str; N], f64)) + Send + Sync + 'static,
    ) -> Result<(), RegistryError> {
        self.ask(define(name, help, MetricKind::Counter, &labels)?, ask)
    }

    fn ask<const N: usize>(
        &self,
        definition: InstrumentDef,
        ask: impl Fn(&mut dyn FnMut([&str; N], f64)) + Send + Sync + 'static,
    ) -> Result<(), RegistryError> {
        self.check(&definition)?;
        let name = definition.name.to_string();
        let asked = Asked {
            definition,
            ask: Box::new(move |take| ask(&mut |values, value| take(&values, value))),
        };
        let mut names = self.0.names.write().unwrap_or_else(PoisonError::into_inner);
        if names.contains_key(&name) {
            return Err(RegistryError::Conflict(name));
        }
        self.check_room(&names, &name)?;
        names.insert(name, Held::Asked(Arc::new(asked)));
        Ok(())
    }

    /// Keeps names for what the collector writes itself.
    pub(super) fn reserve(&self, names: impl IntoIterator<Item = String>) {
        let mut held = self.0.names.write().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            held.insert(name, Held::Reserved);
        }
    }

    /// The metric of a definition, made if there is none.
    pub(super) fn keep(
        &self,
        definition: InstrumentDef,
        shape: Shape,
    ) -> Result<Arc<Family>, RegistryError> {
        let name = definition.name.as_str();
        {
            let names = self.0.names.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = names.get(name) {
                return self.same(held, &definition, shape);
            }
        }
        self.check(&definition)?;
        let mut names = self.0.names.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = names.get(name) {
            return self.same(held, &definition, shape);
        }
        self.check_room(&names, name)?;
        let name = name.to_owned();
        let family = Arc::new(Family::new(definition, shape, &self.0.guard));
        let mut grown = Vec::clone(&self.0.families.load());
        names.insert(name, Held::Kept(grown.len()));
        grown.push(Arc::clone(&family));
        self.0.families.store(Arc::new(grown));
        Ok(family)
    }

    /// The metric that a name is, if it is what was defined.
    fn same(
        &self,
        held: &Held,
        definition: &InstrumentDef,
        shape: Shape,
    ) -> Result<Arc<Family>, RegistryError> {
        let family = match held {
            Held::Kept(id) => self.family(*id),
            Held::Asked(_) | Held::Reserved => None,
        };
        family
            .filter(|family| family.is_same(definition, shape))
            .ok_or_else(|| RegistryError::Conflict(definition.name.to_string()))
    }

    fn family(&self, id: usize) -> Option<Arc<Family>> {
        self.0.families.load().get(id).cloned()
    }

    fn check(&self, definition: &InstrumentDef) -> Result<(), RegistryError> {
        definition.validate()?;
        let is_histogram = definition.kind == MetricKind::Histogram;
        let taken = definition.label_names.iter().find(|label| {
            self.0.constant_labels.get(label).is_some() || (is_histogram && *label == "le")
        });
        match taken {
            Some(label) => Err(RegistryError::LabelTaken {
                metric: definition.name.to_string(),
                label: label.clone().into_owned(),
            }),
            None => Ok(()),
        }
    }

    fn check_room(&self, names: &BTreeMap<String, Held>, name: &str) -> Result<(), RegistryError> {
        let own = names
            .values()
            .filter(|held| !matches!(held, Held::Reserved));
        if own.count() >= self.0.guard.policy.names() {
            return Err(RegistryError::Full(name.to_owned()));
        }
        Ok(())
    }

    /// How many metrics there may be.
    pub(super) fn names_max(&self) -> usize {
        self.0.guard.policy.names()
    }

    pub(super) fn constant_labels(&self) -> &Labels {
        &self.0.constant_labels
    }

    /// All metrics that are wanted, with their series.
    pub(super) fn snapshot(&self, wanted: impl Fn(&str) -> bool) -> Vec<FamilySnapshot> {
        let mut families = Vec::new();
        let mut asked = Vec::new();
        {
            let names = self.0.names.read().unwrap_or_else(PoisonError::into_inner);
            for (_, held) in names.iter().filter(|(name, _)| wanted(name)) {
                match held {
                    Held::Kept(id) => families.extend(self.family(*id)),
                    Held::Asked(metric) => asked.push(Arc::clone(metric)),
                    Held::Reserved => {}
                }
            }
        }
        let kept = families.iter().map(|family| family.snapshot());
        // What is asked may do what it likes; no lock is held.
        kept.chain(asked.iter().map(|metric| metric.snapshot()))
            .collect()
    }

    /// Distinct label sets that were folded, by metric.
    pub(super) fn folded(&self) -> Vec<(String, u64)> {
        let families = self.0.families.load();
        let folded = families
            .iter()
            .map(|family| (family.name().to_owned(), family.series.folded()));
        folded.collect()
    }

    pub(super) fn series(&self) -> usize {
        let families = self.0.families.load();
        families.iter().map(|family| family.series.len()).sum()
    }

    pub(super) fn clear(&self) {
        for family in self.0.families.load().iter() {
            family.series.clear();
        }
    }
}

fn define(
    name: &str,
    help: &str,
    kind: MetricKind,
    labels: &[&str],
) -> Result<InstrumentDef, RegistryError> {
    let unit = match name.strip_suffix("_total").unwrap_or(name) {
        name if name.ends_with("_seconds") => Unit::Seconds,
        name if name.ends_with("_bytes") => Unit::Bytes,
        name if name.ends_with("_ratio") => Unit::Ratio,
        _ => Unit::None,
    };
    let mut definition = InstrumentDef::new(MetricName::parse(name)?, kind, unit);
    definition.help = Cow::Owned(help.to_owned());
    let names = labels.iter().map(|label| Cow::Owned((*label).to_owned()));
    definition.label_names = names.collect();
    Ok(definition)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families = self.0.families.load();
        let names: Vec<_> = families.iter().map(|family| family.name()).collect();
        f.debug_tuple("Registry").field(&names).finish()
    }
}

/// The instruments of the metrics root, as metrics of the same names. Help
/// belongs to the definition here.
impl InstrumentSink for Registry {
    fn register(&self, definition: &InstrumentDef) -> Result<InstrumentId, MetricsError> {
        let family = self.keep(definition.clone(), Shape::Values)?;
        let families = self.0.families.load();
        let id = families.iter().position(|held| Arc::ptr_eq(held, &family));
        // It was put there a moment ago, and nothing is ever taken out.
        Ok(InstrumentId::new(id.unwrap_or(usize::MAX)))
    }

    fn add(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        if let Some(series) = self.find(id, labels) {
            series.value.add(value);
        }
    }

    fn set(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        if let Some(series) = self.find(id, labels) {
            series.value.set(value);
        }
    }

    fn observe(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        if let Some(series) = self.find(id, labels) {
            series.value.observe(value);
        }
    }

    fn bind(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Arc<dyn BoundSeries> {
        Arc::new(Bound(self.find(id, labels)))
    }
}

impl Registry {
    fn find(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Option<Series> {
        let family = self.family(id.get())?;
        let values = labels.as_slice();
        // One value for each name: another number of them is no series.
        (values.len() == family.definition.label_names.len())
            .then(|| family.at(values.iter().copied()))
    }
}

/// A series of an instrument, or of none.
struct Bound(Option<Series>);

impl Bound {
    fn with(&self, update: impl FnOnce(&Cell)) {
        if let Some(series) = &self.0 {
            update(&series.value);
        }
    }
}

impl BoundSeries for Bound {
    fn add(&self, value: f64) {
        self.with(|cell| cell.add(value));
    }

    fn set(&self, value: f64) {
        self.with(|cell| cell.set(value));
    }

    fn observe(&self, value: f64) {
        self.with(|cell| cell.observe(value));
    }
}

macro_rules! metric {
    ($(#[$doc:meta])* $vec:ident, $(#[$one_doc:meta])* $one:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $vec<const N: usize>(Arc<Family>);

        impl<const N: usize> $vec<N> {
            /// Finds the series of these values once, for many updates. It is
            /// not seen any more once the collector was cleared.
            #[must_use]
            pub fn bind(&self, values: [&str; N]) -> $one {
                $one(self.0.at(values))
            }
        }

        impl<const N: usize> fmt::Debug for $vec<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($vec)).field(&self.0.name()).finish()
            }
        }

        $(#[$one_doc])*
        #[derive(Clone)]
        pub struct $one(Series);

        impl fmt::Debug for $one {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($one)).field(&self.0.value.value()).finish()
            }
        }
    };
}

metric!(
    /// A sum that only grows, with `N` labels.
    CounterVec,
    /// One series of a counter.
    Counter
);
metric!(
    /// A level, with `N` labels.
    GaugeVec,
    /// One series of a gauge.
    Gauge
);
metric!(
    /// A distribution, with `N` labels.
    HistogramVec,
    /// One series of a histogram.
    Histogram
);

impl<const N: usize> CounterVec<N> {
    /// Adds one.
    pub fn inc(&self, values: [&str; N]) {
        self.add(values, 1.0);
    }

    /// Adds a value that is finite and not negative; another one changes nothing.
    pub fn add(&self, values: [&str; N], value: f64) {
        self.0.at(values).value.add(value);
    }
}

impl Counter {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds a value that is finite and not negative; another one changes nothing.
    pub fn add(&self, value: f64) {
        self.0.value.add(value);
    }
}

impl<const N: usize> GaugeVec<N> {
    /// Sets the level.
    pub fn set(&self, values: [&str; N], level: f64) {
        self.0.at(values).value.set(level);
    }

    /// Moves the level up, or down by a negative value.
    pub fn add(&self, values: [&str; N], by: f64) {
        self.0.at(values).value.add(by);
    }
}

impl Gauge {
    /// Sets the level.
    pub fn set(&self, level: f64) {
        self.0.value.set(level);
    }

    /// Moves the level up, or down by a negative value.
    pub fn add(&self, by: f64) {
        self.0.value.add(by);
    }
}

impl<const N: usize> HistogramVec<N> {
    /// Takes one sample; one that is not finite changes nothing.
    pub fn observe(&self, values: [&str; N], sample: f64) {
        self.0.at(values).value.observe(sample);
    }
}

impl Histogram {
    /// Takes one sample; one that is not finite changes nothing.
    pub fn observe(&self, sample: f64) {
        self.0.value.observe(sample);
    }
}
