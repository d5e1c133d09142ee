/**
 * SQL functions that ask a model. A call is an expression that is never evaluated by itself; rules
 * move it out of its operator into a node of its own, which asks for all rows of a partition at
 * once.
 *
 * <p>May import: {@code api}, {@code spark}, {@code text}.
 */
package dev.strata.udfs.sql;
