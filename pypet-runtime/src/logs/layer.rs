//! From events of `tracing` to lines of logs.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Metadata, Subscriber};
use tracing_log::{LogTracer, NormalizeEvent, log};
use tracing_subscriber::layer::{Context, Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

use super::here::{Study, books, run_of_this_thread, study_of_this_thread};
use super::{Book, LogLine};

/// The target of the span around each run, which is for other subscribers: lines have their run anyway.
const RUN_SPAN: &str = "pypet::run";

/// What is ours of the program's logging.
#[derive(Debug, Clone, Copy)]
struct Installed {
    subscriber: bool,
    logger: bool,
}

static INSTALLED: OnceLock<Installed> = OnceLock::new();

/// Makes sure that events come here, unless the program has a subscriber of its own.
pub(super) fn install() {
    INSTALLED.get_or_init(|| {
        let subscriber = set_global_default(Registry::default().with(layer())).is_ok();
        let logger = subscriber && LogTracer::builder().with_max_level(log::LevelFilter::Off).init().is_ok();
        Installed { subscriber, logger }
    });
}

/// Whether the terminal is ours to speak on.
pub(super) fn is_ours() -> bool {
    INSTALLED.get().is_some_and(|installed| installed.subscriber)
}

/// Lets `tracing` and `log` know that other levels count now.
pub(super) fn refresh() {
    tracing::callsite::rebuild_interest_cache();
    if INSTALLED.get().is_some_and(|installed| installed.logger) {
        log::set_max_level(match most().into_level() {
            None => log::LevelFilter::Off,
            Some(level) => level.as_str().parse().unwrap_or(log::LevelFilter::Trace),
        });
    }
}

fn most() -> LevelFilter {
    books().iter().map(|book| book.levels().most()).max().unwrap_or(LevelFilter::OFF)
}

/// Writes events to the log of the trajectory that is carried out; for programs with a subscriber of their own.
///
/// It takes what the trajectory's `log_level` asks for and leaves all other layers as they are.
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    Lines.with_filter(Wanted)
}

/// What some log that is kept at present has a use for.
struct Wanted;

impl Wanted {
    fn wants(metadata: &Metadata<'_>) -> bool {
        metadata.target() != RUN_SPAN && books().iter().any(|book| book.levels().enable_all_of(metadata))
    }
}

impl<S> Filter<S> for Wanted {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        Self::wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // It holds until `refresh`.
        if Self::wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(most())
    }
}

/// Makes lines of events.
struct Lines;

/// The fields of a span as text.
struct SpanFields(String);

/// The study and the run in which a span was made, which it takes along to other threads.
#[derive(Clone)]
struct MadeIn {
    study: Study,
    run: Option<(usize, usize)>,
}

impl MadeIn {
    fn this_thread() -> Self {
        Self { study: study_of_this_thread(), run: run_of_this_thread() }
    }

    /// What a span within says counts more, unless it was made in another study that this one is a part of.
    fn then(self, within: &Self) -> Self {
        let is_same = match (&self.study, &within.study) {
            (Study::Unknown, _) => true,
            (Study::Kept(book), Study::Kept(other)) => Arc::ptr_eq(book, other),
            _ => false,
        };
        if is_same { Self { study: within.study.clone(), run: within.run.or(self.run) } } else { self }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Text::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            // Within another span it is of that one's run: this thread may only help there.
            let here = MadeIn::this_thread();
            let outer = span.parent().and_then(|outer| Some(here.clone().then(outer.extensions().get()?)));
            let mut extensions = span.extensions_mut();
            extensions.insert(SpanFields(fields.0));
            extensions.insert(outer.unwrap_or(here));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut added = Text::default();
        values.record(&mut added);
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            fields.push_str(if fields.is_empty() { "" } else { " " });
            fields.push_str(&added.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let wants = |book: &Book| book.levels().enable_all_of(metadata);
        let mut here = MadeIn::this_thread();
        let mut spans = String::new();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            if let Some(made) = extensions.get::<MadeIn>() {
                here = here.then(made);
            }
            let fields = extensions.get::<SpanFields>().map_or("", |fields| &fields.0);
            // Writing to a `String` cannot fail.
            let _ = match fields {
                "" => write!(spans, "{}: ", span.name()),
                fields => write!(spans, "{}{{{fields}}}: ", span.name()),
            };
        }
        let line = || {
            let mut text = Text(spans);
            event.record(&mut text);
            LogLine::now(*metadata.level(), here.run, metadata.target(), &text.0)
        };
        match here.study {
            Study::Kept(book) if wants(&book) => book.write(&line()),
            Study::Kept(_) | Study::Silent => {}
            // A thread of the user's own may work for any of them.
            Study::Unknown => {
                let wanting: Vec<_> = books().iter().filter(|book| wants(book)).cloned().collect();
                if !wanting.is_empty() {
                    let line = line();
                    for book in wanting {
                        book.write(&line);
                    }
                }
            }
        }
    }
}

/// The message and the fields behind it, as `converged steps=31`.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        // Text is quoted as a field and plain as a message.
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let gap = if self.0.is_empty() || self.0.ends_with(' ') { "" } else { " " };
        let _ = match field.name() {
            "message" => write!(self.0, "{gap}{value:?}"),
            // What `log` says of where it was called.
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.0, "{gap}{}={value:?}", name.trim_start_matches("r#")),
        };
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
        for cause in std::iter::successors(value.source(), |error| error.source()) {
            let _ = write!(self.0, ": {cause}");
        }
    }
}
