package dev.strata.job.report;

import java.util.Map;

/**
 * Where and with what a run runs.
 *
 * @param application Spark's name of it
 * @param versions of programs, by their names
 * @param machine what the driver knows of machines, by name
 * @param plan of each engine
 */
public record Environment(
    String application,
    Map<String, String> versions,
    Map<String, String> machine,
    PlannedEngine plan) {}
