package dev.strata.udfs.sql;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Sessions with the functions and a table. */
final class SqlSession {

  static final int MAX_NEW_TOKENS = 3;

  private static final String[] TEXTS = {
    "apple", null, "banana", "cherry", "date", "elder", "fig", "grape", "honey", "iris"
  };

  private SqlSession() {}

  static SparkSession start(Path folder) {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.codegen.wholeStage", false) // compiling is most of such queries
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
        .config("spark.strata.model", ModelOracle.MODEL.toString())
        .config("spark.strata.models.demo", ModelOracle.MODEL.toString())
        .config("spark.strata.device", "cpu")
        .config("spark.strata.host.memory", "512m")
        .config("spark.strata.maxNewTokens", MAX_NEW_TOKENS)
        .getOrCreate();
  }

  /** Ten rows in two files: id from 1, a text that is null in the second row, and k. */
  static void makeTable(SparkSession spark, Path folder) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < TEXTS.length; i++) {
      rows.add(RowFactory.create(i + 1, TEXTS[i], i % 2 == 0 ? "a" : "b"));
    }
    StructType schema = StructType.fromDDL("id INT, text STRING, k STRING");
    String files = folder.resolve("t.parquet").toString();
    spark
        .createDataFrame(rows, schema)
        .repartitionByRange(2, org.apache.spark.sql.functions.col("id"))
        .write()
        .parquet(files);
    spark.read().parquet(files).createOrReplaceTempView("t");
    spark.read().schema(schema).parquet(files).filter("id < 0").createOrReplaceTempView("none");
  }
}
