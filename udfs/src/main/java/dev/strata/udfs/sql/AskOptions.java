package dev.strata.udfs.sql;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import java.io.Serializable;
import java.util.Map;
import org.apache.spark.sql.internal.SQLConf;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What a session's {@code spark.strata.*} keys say when a query is planned.
 *
 * @param aggregateTokens the most tokens of texts in a prompt of an aggregate
 * @param maxErrorRatio the part of a query's calls that may fail; 1 for all
 */
record AskOptions(
    GenerationOptions generation, SessionPrompts prompts, double maxErrorRatio, int aggregateTokens)
    implements Serializable {

  /** The keys of the active session. */
  static StrataConf session() {
    Map<String, String> settings = CollectionConverters.asJava(SQLConf.get().getAllConfs());
    return StrataConf.of(settings);
  }

  /**
   * Reads the keys of the active session.
   *
   * @param model the model's name; null for the session's
   * @throws dev.strata.udfs.api.StrataException if a key makes no sense or no model is named
   */
  static AskOptions ofSession(String model) {
    StrataConf session = session();
    StrataConf conf = model == null ? session : session.withModel(model);
    return new AskOptions(
        conf.generationOptions(null),
        SessionPrompts.of(conf),
        conf.find(StrataKeys.SQL_MAX_ERROR_RATIO).orElse(1.0),
        conf.get(StrataKeys.SQL_AGG_TOKENS));
  }
}
