package dev.strata.udfs.spark;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.journal.Buckets;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.Partition;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionCoalescer;
import org.apache.spark.rdd.PartitionGroup;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Option;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows dealt to partitions by their buckets, so that a row's partition depends on the row alone.
 *
 * <p>Rows of files are read by each partition, which keeps its own: no shuffle is between, whose
 * loss with an executor would make healthy partitions run again. Reading rows takes a small part of
 * what asking them does. What is behind a shuffle already, or may be another when it is read again,
 * is shuffled.
 */
public final class DealtRows {

  /** With more partitions rows are shuffled: each of them would read all. */
  private static final int MOST_READERS = 64;

  /** Where rows come from that are the same however often they are read. */
  private static final Set<String> REPEATABLE =
      Set.of("FileScanRDD", "ParallelCollectionRDD", "EmptyRDD", "HadoopRDD", "NewHadoopRDD");

  /** Says the bucket of each row. */
  @FunctionalInterface
  public interface Bucketing<T> extends Serializable {

    /**
     * The rows of a partition, each with its bucket.
     *
     * @return rows that outlive the call of the next
     */
    Iterator<Tuple2<Integer, T>> of(Iterator<T> rows);
  }

  private DealtRows() {}

  static Dataset<Row> of(Dataset<Row> rows, int partitions, RowBucket bucket) {
    Bucketing<Row> bucketing = all -> each(all, row -> new Tuple2<>(bucket.of(row), row));
    JavaRDD<Row> dealt = of(rows.toJavaRDD(), partitions, bucketing, true);
    return rows.sparkSession().createDataFrame(dealt, rows.schema());
  }

  /**
   * Deals rows to so many partitions.
   *
   * @param isReading whether little is done for rows but reading them, which then may be done
   *     several times
   */
  public static <T> JavaRDD<T> of(
      JavaRDD<T> rows, int partitions, Bucketing<T> bucketing, boolean isReading) {
    return isReading && partitions <= MOST_READERS && isRepeatable(rows.rdd())
        ? readByEach(rows, partitions, bucketing)
        : shuffled(rows, partitions, bucketing);
  }

  /** The bucket of a row that these bytes tell from others. */
  public static int bucket(byte[] row) {
    return Buckets.of(ByteBuffer.wrap(new Sha256().addBytes(row).bytes()).getLong());
  }

  private static boolean isRepeatable(RDD<?> rows) {
    var parents = CollectionConverters.asJava(rows.dependencies());
    return parents.isEmpty()
        ? REPEATABLE.contains(rows.getClass().getSimpleName())
        : parents.stream()
            .allMatch(
                parent -> !(parent instanceof ShuffleDependency) && isRepeatable(parent.rdd()));
  }

  private static <T> JavaRDD<T> readByEach(JavaRDD<T> all, int partitions, Bucketing<T> bucketing) {
    RDD<T> each = all.rdd().coalesce(partitions, false, Option.apply(new AllForEach()), null);
    return each.toJavaRDD()
        .mapPartitionsWithIndex(
            (partition, rows) -> kept(bucketing.of(rows), Buckets.of(partition, partitions)),
            false);
  }

  private static <T> Iterator<T> kept(Iterator<Tuple2<Integer, T>> rows, Buckets own) {
    return stream(rows).filter(row -> own.contains(row._1())).map(Tuple2::_2).iterator();
  }

  private static <T, R> Iterator<R> each(Iterator<T> rows, Function<T, R> function) {
    return stream(rows).map(function).iterator();
  }

  private static <T> Stream<T> stream(Iterator<T> rows) {
    Iterable<T> all = () -> rows;
    return StreamSupport.stream(all.spliterator(), false);
  }

  /** Gives every partition all of the parent's. */
  private static final class AllForEach implements PartitionCoalescer, Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public PartitionGroup[] coalesce(int partitions, RDD<?> parent) {
      return IntStream.range(0, partitions)
          .mapToObj(i -> group(parent.partitions()))
          .toArray(PartitionGroup[]::new);
    }

    private static PartitionGroup group(Partition[] all) {
      PartitionGroup group = new PartitionGroup(Option.empty());
      for (Partition partition : all) {
        group.partitions().addOne(partition);
      }
      return group;
    }
  }

  private static <T> JavaRDD<T> shuffled(JavaRDD<T> all, int partitions, Bucketing<T> bucketing) {
    return all.mapPartitionsToPair(bucketing::of).partitionBy(new ByBucket(partitions)).values();
  }

  private static final class ByBucket extends Partitioner {

    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByBucket(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object bucket) {
      int guess = (int) ((long) (Integer) bucket * partitions / Buckets.COUNT);
      return Buckets.of(guess, partitions).contains((Integer) bucket) ? guess : guess + 1;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByBucket that && that.partitions == partitions;
    }

    @Override
    public int hashCode() {
      return partitions;
    }
  }
}
