package dev.strata.udfs.spark;

import dev.strata.udfs.api.TaskGpus;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * What the tasks of stages that ask a model take of Spark's resources: their part of a GPU. Those
 * of other stages, which read, shuffle or aggregate, then take none, and all cores of an executor
 * are theirs.
 */
public final class StageResources {

  /** One for each application, since a stage cannot have two that are equal. */
  private static final Map<SparkContext, ResourceProfile> PROFILES =
      Collections.synchronizedMap(new WeakHashMap<>());

  private StageResources() {}

  /** The same rows, whose tasks get their part of a GPU where Spark gives such to single stages. */
  public static <T> JavaRDD<T> asking(JavaRDD<T> rows) {
    return profile(rows.context()).map(rows::withResources).orElse(rows);
  }

  /** What tasks take that ask a model; empty where they take what all tasks do. */
  static Optional<ResourceProfile> profile(SparkContext context) {
    SparkConf conf = context.getConf();
    return TaskGpus.areOfStages(key -> conf.get(key, null))
        ? Optional.of(
            PROFILES.computeIfAbsent(
                context, any -> taking(TaskGpus.share(conf.get(TaskGpus.OF_EXECUTOR)))))
        : Optional.empty();
  }

  private static ResourceProfile taking(String gpus) {
    TaskResourceRequests tasks = new TaskResourceRequests();
    return new ResourceProfileBuilder()
        .require(tasks.resource("gpu", Double.parseDouble(gpus)))
        .build();
  }
}
