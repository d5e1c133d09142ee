package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.ModelStaging;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;

/**
 * What a task asks of an executor's engines.
 *
 * @param task names the task within its JVM
 * @param options the engine's, on the task's device
 * @param idleTimeout how long the engine is kept when no task uses it any more
 * @param staging how the node comes by a model that is not local
 * @param hadoop what Hadoop's file systems are told
 */
record EngineRequest(
    long task,
    EngineOptions options,
    Duration idleTimeout,
    ModelStaging staging,
    Configuration hadoop) {}
