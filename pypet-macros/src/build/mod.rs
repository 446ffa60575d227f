//! `build!`: what is known of a program while it is compiled; `#[experiment]` and `pypet::main!` write it.

mod capture;
mod compiler;
mod repository;

use proc_macro2::TokenStream;
use quote::quote;

use capture::Capture;
use compiler::Compiler;
use repository::Repository;

/// A `Build` as an expression; `private` is the path of the hidden module.
pub(crate) fn expand(private: &TokenStream) -> TokenStream {
    let Capture { package, version, folder, lock_hash, compiler, repository } = Capture::of_this_crate();
    let Compiler { opt_level, flags, features } = compiler;
    let Repository { commit, branch, changed, diff_hash, patch } = repository;
    quote! {
        #private::Build {
            package: #package,
            version: #version,
            folder: #folder,
            lock_hash: #lock_hash,
            opt_level: #opt_level,
            flags: #flags,
            features: &[#(#features),*],
            debug_assertions: #private::cfg!(debug_assertions),
            commit: #commit,
            branch: #branch,
            changed: &[#(#changed),*],
            diff_hash: #diff_hash,
            patch: #patch,
        }
    }
}
