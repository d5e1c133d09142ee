package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.concurrent.Activity;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;

/**
 * What a task asks of an executor's engines.
 *
 * @param task names the task within its JVM
 * @param options the engine's, on the task's device
 * @param idleTimeout how long the engine is kept when no task uses it any more
 * @param stallTimeout how long the engine, or its start, may get nothing done
 * @param staging how the node comes by a model that is not local
 * @param hadoop what Hadoop's file systems are told
 * @param activity what the start is at, if this request is the one that starts the engine
 */
record EngineRequest(
    long task,
    EngineOptions options,
    Duration idleTimeout,
    Duration stallTimeout,
    ModelStaging staging,
    Configuration hadoop,
    Activity activity) {

  EngineRequest(
      long task,
      EngineOptions options,
      Duration idleTimeout,
      Duration stallTimeout,
      ModelStaging staging,
      Configuration hadoop) {
    this(task, options, idleTimeout, stallTimeout, staging, hadoop, new Activity());
  }
}
