package dev.strata.udfs.spark;

import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * A data frame's rows as an RDD, which Spark plans when an action wants them. A plan with shuffles
 * runs its first stages as it is turned into an RDD.
 */
final class PlannedRows extends RDD<Row> {

  private static final long serialVersionUID = 1L;

  private final transient Dataset<Row> rows;

  PlannedRows(Dataset<Row> rows) {
    super(rows.sparkSession().sparkContext(), none(), ClassTag$.MODULE$.apply(Row.class));
    this.rows = rows;
  }

  private static Seq<Dependency<?>> none() {
    return CollectionConverters.asScala(List.<Dependency<?>>of()).toSeq();
  }

  @Override
  public Seq<Dependency<?>> getDependencies() {
    return CollectionConverters.asScala(
            List.<Dependency<?>>of(new OneToOneDependency<>(rows.rdd())))
        .toSeq();
  }

  @Override
  public Partition[] getPartitions() {
    return firstParent(elementClassTag()).partitions();
  }

  @Override
  public Iterator<Row> compute(Partition partition, TaskContext context) {
    return this.<Row>firstParent(elementClassTag()).iterator(partition, context);
  }
}
