package dev.strata.udfs.jinja;

/** A value that a template may call: a macro, a global function or a method of a value. */
@FunctionalInterface
interface Invocable {

  Object invoke(Arguments arguments);
}
