/**
 * Pages in a real browser: Debian's chromium, without a window. In a profile of its own, since the
 * build needs nothing but a JDK: {@code ./mvnw -B -Pbrowser -pl udfs,job test}.
 */
package dev.strata.job.browser;
