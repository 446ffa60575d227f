//! `build!`: what is known of a program while it is compiled; `#[experiment]` and `pypet::main!` write it.

mod capture;
mod repository;

use proc_macro2::TokenStream;
use quote::quote;

use capture::Capture;
use repository::Repository;

/// A `Build` as an expression; `private` is the path of the hidden module.
pub(crate) fn expand(private: &TokenStream) -> TokenStream {
    let Capture { package, version, folder, lock_hash, features, repository } = Capture::of_this_crate();
    let Repository { commit, branch, changed, diff_hash, patch } = repository;
    quote! {
        #private::Build {
            package: #package,
            version: #version,
            folder: #folder,
            lock_hash: #lock_hash,
            features: &[#((#features, #private::cfg!(feature = #features))),*],
            debug_assertions: #private::cfg!(debug_assertions),
            commit: #commit,
            branch: #branch,
            changed: &[#(#changed),*],
            diff_hash: #diff_hash,
            patch: #patch,
        }
    }
}
