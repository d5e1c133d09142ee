import org.apache.spark.sql.*;
import org.apache.spark.sql.functions;
SparkSession spark = dev.strata.job.run.Sessions.start("strata shell", dev.strata.job.run.Sessions.submitted());
