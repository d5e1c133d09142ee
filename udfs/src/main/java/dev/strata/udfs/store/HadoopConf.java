package dev.strata.udfs.store;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/** What Hadoop's file systems are told in this JVM, where nobody has said anything else. */
final class HadoopConf {

  private HadoopConf() {}

  /**
   * With the application's {@code spark.hadoop.*} keys: those of its environment, or of
   * spark-submit where there is none yet.
   */
  static Configuration ofThisJvm() {
    SparkEnv env = SparkEnv.get();
    SparkHadoopUtil hadoop = SparkHadoopUtil.get();
    return env == null ? hadoop.conf() : hadoop.newConfiguration(env.conf());
  }
}
