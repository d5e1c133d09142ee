package dev.strata.udfs.spark;

import dev.strata.udfs.journal.Buckets;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.spark.Partition;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionCoalescer;
import org.apache.spark.rdd.PartitionGroup;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows dealt to partitions by their buckets, so that a row's partition depends on the row alone.
 *
 * <p>Rows of files are read by each partition, which keeps its own: no shuffle is between, whose
 * loss with an executor would make healthy partitions run again. Reading rows takes a small part of
 * what asking them does. What is behind a shuffle already, or may be another when it is read again,
 * is shuffled.
 */
final class DealtRows {

  /** With more partitions rows are shuffled: each of them would read all. */
  private static final int MOST_READERS = 64;

  /** Where rows come from that are the same however often they are read. */
  private static final Set<String> REPEATABLE =
      Set.of("FileScanRDD", "ParallelCollectionRDD", "EmptyRDD", "HadoopRDD", "NewHadoopRDD");

  private DealtRows() {}

  static Dataset<Row> of(Dataset<Row> rows, int partitions, RowBucket bucket) {
    JavaRDD<Row> all = rows.toJavaRDD();
    JavaRDD<Row> dealt =
        partitions <= MOST_READERS && isRepeatable(all.rdd())
            ? readByEach(all, partitions, bucket)
            : shuffled(all, partitions, bucket);
    return rows.sparkSession().createDataFrame(dealt, rows.schema());
  }

  private static boolean isRepeatable(RDD<?> rows) {
    var parents = CollectionConverters.asJava(rows.dependencies());
    return parents.isEmpty()
        ? REPEATABLE.contains(rows.getClass().getSimpleName())
        : parents.stream()
            .allMatch(
                parent -> !(parent instanceof ShuffleDependency) && isRepeatable(parent.rdd()));
  }

  private static JavaRDD<Row> readByEach(JavaRDD<Row> all, int partitions, RowBucket bucket) {
    RDD<Row> each = all.rdd().coalesce(partitions, false, Option.apply(new AllForEach()), null);
    return each.toJavaRDD()
        .mapPartitionsWithIndex(
            (partition, rows) -> kept(rows, Buckets.of(partition, partitions), bucket), false);
  }

  private static Iterator<Row> kept(Iterator<Row> rows, Buckets own, RowBucket bucket) {
    Iterable<Row> all = () -> rows;
    return StreamSupport.stream(all.spliterator(), false)
        .filter(row -> own.contains(bucket.of(row)))
        .iterator();
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

  private static JavaRDD<Row> shuffled(JavaRDD<Row> all, int partitions, RowBucket bucket) {
    JavaPairRDD<Integer, Row> keyed = all.keyBy(bucket::of);
    return keyed.partitionBy(new ByBucket(partitions)).values();
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
