/**
 * What pages of Strata's are made of, in the Spark UI and in files: markup in which every text is
 * escaped, tables, bars, sparklines, and how they look.
 *
 * <p>May import: nothing of Strata.
 */
package dev.strata.udfs.page;
