//! The words of `#[experiment]`: parameters, what runs share, the run, and what comes out.

use proc_macro2::{Ident, TokenStream};
use syn::{FnArg, Item, ItemFn, LitStr, PatType, Path, ReturnType, Type, parse_quote};

use crate::support::errors::Errors;
use crate::support::items::head;
use crate::support::names::{plain, private};
use crate::support::options::Options;

const OPTIONS: &[&str] = &["explore", "prepare", "finish", "result", "shared_arrays", "crate"];

/// A function with `#[experiment]`.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// The user's function.
    pub(crate) function: ItemFn,
    /// The module that generated code speaks through.
    pub(crate) private: Path,
    pub(crate) explore: Option<Path>,
    pub(crate) prepare: Option<Path>,
    /// Whether `prepare` was given, even if it turned out to be unusable.
    pub(crate) has_prepare: bool,
    pub(crate) finish: Option<Path>,
    pub(crate) shared_arrays: Option<Path>,
    pub(crate) result: Option<LitStr>,
    /// The type of the parameters, as far as the signature tells.
    pub(crate) parameters: Option<Type>,
    /// The type that all runs share.
    pub(crate) shared: Option<Type>,
    /// The type of the run, where the function takes it.
    pub(crate) run: Option<Type>,
    /// Whether the function can be called as an experiment's is.
    pub(crate) is_callable: bool,
}

/// An argument: `network: &Network`.
#[derive(Debug)]
pub(crate) struct Argument {
    /// The whole argument.
    pub(crate) written: PatType,
    /// Its type, without the reference.
    pub(crate) ty: Type,
    pub(crate) taken: Taken,
}

/// How an argument is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    ByValue,
    Shared,
    Mutable,
}

impl Experiment {
    /// Reads the item; `None` if it is no function.
    pub(crate) fn parse(options: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let function = match errors.take(syn::parse2(item))? {
            Item::Fn(function) => function,
            other => {
                errors.at(head(&other), "`#[experiment]` goes on a function `fn simulate(p: &Params) -> …`");
                return None;
            }
        };
        if let Some(receiver) = function.sig.receiver() {
            errors.at(
                receiver,
                "an experiment is a free function; move it out of the `impl` and take the parameters first",
            );
            return None;
        }
        let mut options = Options::parse(options, OPTIONS, errors);
        Some(Self {
            has_prepare: options.has("prepare") || options.is_broken(),
            private: private(options.path("crate", errors)),
            explore: options.path("explore", errors),
            prepare: options.path("prepare", errors),
            finish: options.path("finish", errors),
            shared_arrays: options.path("shared_arrays", errors),
            result: options.string("result", errors),
            parameters: None,
            shared: None,
            run: None,
            is_callable: true,
            function,
        })
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.function.sig.ident
    }

    pub(crate) fn name(&self) -> String {
        plain(self.ident())
    }

    /// The type that the function returns.
    pub(crate) fn output(&self) -> Type {
        match &self.function.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        }
    }

    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let typed = self.function.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(typed.clone()),
            FnArg::Receiver(_) => None,
        });
        typed.map(Argument::from).collect()
    }
}

impl From<PatType> for Argument {
    fn from(written: PatType) -> Self {
        let (ty, taken) = match &*written.ty {
            Type::Reference(reference) if reference.mutability.is_some() => (&*reference.elem, Taken::Mutable),
            Type::Reference(reference) => (&*reference.elem, Taken::Shared),
            owned => (owned, Taken::ByValue),
        };
        Self { ty: ty.clone(), taken, written }
    }
}
