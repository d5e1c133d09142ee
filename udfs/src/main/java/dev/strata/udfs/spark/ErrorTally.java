package dev.strata.udfs.spark;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import org.apache.spark.util.RpcUtils;
import scala.PartialFunction;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Adds up, in the driver, what tasks say of their calls, and answers with the sums of their run.
 * Messages are texts of numbers: Spark reads them with its own class loader, which need not know
 * Strata's classes.
 */
final class ErrorTally implements ThreadSafeRpcEndpoint {

  private static final String NAME = "strata-errors";
  private static final int MOST_RUNS = 1000;

  /**
   * What a task, or all tasks of a run that were heard of, were asked and could not answer.
   *
   * @param ended how many tasks are through
   */
  record Counts(long asked, long failed, int ended) {

    private static final Counts NONE = new Counts(0, 0, 0);

    private Counts plus(Counts other) {
      return new Counts(asked + other.asked, failed + other.failed, ended + other.ended);
    }

    private String text() {
      return asked + " " + failed + " " + ended;
    }

    private static Counts of(String[] words, int from) {
      return new Counts(
          Long.parseLong(words[from]),
          Long.parseLong(words[from + 1]),
          Integer.parseInt(words[from + 2]));
    }
  }

  private static RpcEnv running;

  private final RpcEnv environment;
  // By run, then by partition: a task that is tried again counts once.
  private final Map<Long, Map<Integer, Counts>> runs = new LinkedHashMap<>();

  private ErrorTally(RpcEnv environment) {
    this.environment = environment;
  }

  /** Makes the driver of this process listen. */
  static synchronized void listen() {
    RpcEnv current = SparkEnv.get().rpcEnv();
    if (running != current) {
      current.setupEndpoint(NAME, new ErrorTally(current));
      running = current;
    }
  }

  /**
   * Tells the driver what a partition has come to, from a task.
   *
   * @return the sums of the run
   */
  static Counts tell(long run, int partition, Counts counts) {
    SparkEnv spark = SparkEnv.get();
    RpcEndpointRef driver = RpcUtils.makeDriverRef(NAME, spark.conf(), spark.rpcEnv());
    String sums =
        driver.askSync(
            run + " " + partition + " " + counts.text(),
            ClassTag$.MODULE$.<String>apply(String.class));
    return Counts.of(sums.split(" "), 0);
  }

  @Override
  public RpcEnv rpcEnv() {
    return environment;
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext call) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(Object message) {
        return message instanceof String;
      }

      @Override
      public BoxedUnit apply(Object message) {
        call.reply(told(message.toString().split(" ")).text());
        return BoxedUnit.UNIT;
      }
    };
  }

  private Counts told(String[] words) {
    long run = Long.parseLong(words[0]);
    Map<Integer, Counts> partitions = runs.computeIfAbsent(run, id -> new HashMap<>());
    partitions.put(Integer.parseInt(words[1]), Counts.of(words, 2));
    if (runs.size() > MOST_RUNS) {
      runs.remove(runs.keySet().iterator().next());
    }
    return partitions.values().stream().reduce(Counts.NONE, Counts::plus);
  }
}
