BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'bench');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["test accuracy"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'spec','{"schema_version": 1, "name": "bench", "dataset": {"name": "digits", "path": null, "digest": "b3022bde089df506ddfe1dbdc6d52bab-961abdce2667cf115965e9ec35c50bd7", "train_images": 1500, "test_images": 297, "fallback": false}, "precision": "float32", "search": null}');
INSERT INTO "study_user_attributes" VALUES(2,1,'data set','"digits, 1,500 + 297 images"');
INSERT INTO "study_user_attributes" VALUES(3,1,'purpose','"models trained as they are, no search"');
INSERT INTO "study_user_attributes" VALUES(4,1,'sessions','[{"words": ["bench", "logistic", "mlp-784", "cnn-simple", "--study", "bench", "--dataset", "digits", "--home", "home", "--workers", "1", "-q", "-f", "json"], "settings": {"MNIST_SEARCH_TRAINER": "surrogate-inline"}, "version": "0.1.0", "machine": "2d810281", "started": 1795845442.9416404, "trials_before": 0, "ended": 1795845443.4057815, "trials_after": 3}]');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'fixed_params','{}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'fixed_params','{}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'run','{"config": {"model": {"kind": "linear", "penalty": "none", "alpha": 0.0001, "policy": "optimal", "eta0": 0.01, "average": false, "tolerance": 0.001}, "training": {"optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": false}, "batch_size": 1, "epochs": 20000, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "documented", "raw_test_pixels": false}, "seed": 0}');
INSERT INTO "trial_user_attributes" VALUES(2,1,'network','"one-against-rest(no penalty) | optimal"');
INSERT INTO "trial_user_attributes" VALUES(3,1,'reference','"logistic"');
INSERT INTO "trial_user_attributes" VALUES(4,2,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 784, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.05}}], "output_initializer": {"name": "random-normal", "stddev": 0.05}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 200, "epochs": 10, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "documented", "raw_test_pixels": false}, "seed": 0}');
INSERT INTO "trial_user_attributes" VALUES(5,2,'network','"Flatten D784 | adam 0.001 | b200"');
INSERT INTO "trial_user_attributes" VALUES(6,2,'reference','"mlp-784"');
INSERT INTO "trial_user_attributes" VALUES(7,3,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 5, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.2}, {"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 200, "epochs": 4, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "documented", "raw_test_pixels": false}, "seed": 0}');
INSERT INTO "trial_user_attributes" VALUES(8,3,'network','"C32(5x5 valid) MP DO.2 Flatten D128 | adam 0.001 | b200"');
INSERT INTO "trial_user_attributes" VALUES(9,3,'reference','"cnn-simple"');
INSERT INTO "trial_user_attributes" VALUES(10,1,'started','1795845443.2741096');
INSERT INTO "trial_user_attributes" VALUES(11,1,'fit seconds','0.011642400000000002');
INSERT INTO "trial_user_attributes" VALUES(12,1,'weights','7850');
INSERT INTO "trial_user_attributes" VALUES(13,1,'FLOPs per image','15680');
INSERT INTO "trial_user_attributes" VALUES(14,1,'test accuracy','0.7508417508417509');
INSERT INTO "trial_user_attributes" VALUES(15,1,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(16,1,'finished','1795845443.3018045');
INSERT INTO "trial_user_attributes" VALUES(17,1,'result','{"schema_version": 1, "status": "complete", "config_id": "6b5171e1dea0e4f2", "seed": 0, "failure": null, "validation": null, "test": {"correct": 223, "total": 297, "loss": 0.7623693061100304, "clipped_loss": null}, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.9800943040345171, "accuracy": 0.6767676767676768, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 2, "loss": 0.7895458428106414, "accuracy": 0.7407407407407407, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 3, "loss": 0.7648856991230106, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 4, "loss": 0.7653779455689504, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 5, "loss": 0.7633121278868854, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 6, "loss": 0.7641266907518509, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 7, "loss": 0.7649828775632587, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 8, "loss": 0.7644669556295612, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 9, "loss": 0.7665352940742601, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 10, "loss": 0.7647420996410031, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 11, "loss": 0.7645819315891396, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 12, "loss": 0.7667341786963426, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 13, "loss": 0.7644848207564943, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 14, "loss": 0.7668548732216341, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 15, "loss": 0.7657311535997391, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 16, "loss": 0.7627910032728682, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 17, "loss": 0.7644363154644134, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 18, "loss": 0.7664306733777733, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 19, "loss": 0.7633061709539951, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 20, "loss": 0.7647989838553579, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 21, "loss": 0.7627748727718353, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 22, "loss": 0.766256554437986, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 23, "loss": 0.7663388905288637, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 24, "loss": 0.7626057525666416, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 25, "loss": 0.7659992113759728, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 26, "loss": 0.7661346000300706, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 27, "loss": 0.7666105523211868, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 28, "loss": 0.7649601873742402, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 29, "loss": 0.7631996633721501, "accuracy": 0.7474747474747475, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}, {"epoch": 30, "loss": 0.7623693061100304, "accuracy": 0.7508417508417509, "val_loss": null, "val_accuracy": null, "seconds": 0.0003528, "validation_seconds": 3.528e-05}], "reports": [], "parameters": 7850, "trainable_parameters": 7850, "flops": 15680, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [2.3520000000000001e-07, 2.3520000000000001e-07, 2.3520000000000001e-07, 2.3520000000000001e-07, 2.3520000000000001e-07], "fit_seconds": 0.011642400000000002, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 0.0784, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(18,2,'started','1795845443.3346553');
INSERT INTO "trial_user_attributes" VALUES(19,2,'fit seconds','0.30813552000000005');
INSERT INTO "trial_user_attributes" VALUES(20,2,'weights','623290');
INSERT INTO "trial_user_attributes" VALUES(21,2,'FLOPs per image','1244992');
INSERT INTO "trial_user_attributes" VALUES(22,2,'test accuracy','0.9057239057239057');
INSERT INTO "trial_user_attributes" VALUES(23,2,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(24,2,'finished','1795845443.351958');
INSERT INTO "trial_user_attributes" VALUES(25,2,'result','{"schema_version": 1, "status": "complete", "config_id": "82d55ed8bc87d263", "seed": 0, "failure": null, "validation": null, "test": {"correct": 269, "total": 297, "loss": 0.2958871214143853, "clipped_loss": null}, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.5647815389941737, "accuracy": 0.8148148148148148, "val_loss": 0.5647815389941737, "val_accuracy": 0.8148148148148148, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 2, "loss": 0.3249249985977367, "accuracy": 0.8956228956228957, "val_loss": 0.3249249985977367, "val_accuracy": 0.8956228956228957, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 3, "loss": 0.30058245370474374, "accuracy": 0.9023569023569024, "val_loss": 0.30058245370474374, "val_accuracy": 0.9023569023569024, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 4, "loss": 0.2989001469576345, "accuracy": 0.9023569023569024, "val_loss": 0.2989001469576345, "val_accuracy": 0.9023569023569024, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 5, "loss": 0.2950824832904142, "accuracy": 0.9057239057239057, "val_loss": 0.2950824832904142, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 6, "loss": 0.2954106703379827, "accuracy": 0.9057239057239057, "val_loss": 0.2954106703379827, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 7, "loss": 0.2948197059429358, "accuracy": 0.9057239057239057, "val_loss": 0.2948197059429358, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 8, "loss": 0.29701812644510694, "accuracy": 0.9057239057239057, "val_loss": 0.29701812644510694, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 9, "loss": 0.2961119386298472, "accuracy": 0.9057239057239057, "val_loss": 0.2961119386298472, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}, {"epoch": 10, "loss": 0.2958871214143853, "accuracy": 0.9057239057239057, "val_loss": 0.2958871214143853, "val_accuracy": 0.9057239057239057, "seconds": 0.02801232, "validation_seconds": 0.0028012320000000003}], "reports": [[4, 0.8148148148148148], [8, 0.8956228956228957], [12, 0.9023569023569024], [16, 0.9023569023569024], [20, 0.9057239057239057], [24, 0.9057239057239057], [28, 0.9057239057239057], [32, 0.9057239057239057], [36, 0.9057239057239057], [40, 0.9057239057239057]], "parameters": 623290, "trainable_parameters": 623290, "flops": 1244992, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.00400176, 0.00400176, 0.00400176, 0.00400176, 0.00400176], "fit_seconds": 0.30813552000000005, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 6.22496, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(26,3,'started','1795845443.3741164');
INSERT INTO "trial_user_attributes" VALUES(27,3,'fit seconds','0.20827699200000002');
INSERT INTO "trial_user_attributes" VALUES(28,3,'weights','592074');
INSERT INTO "trial_user_attributes" VALUES(29,3,'FLOPs per image','2103808');
INSERT INTO "trial_user_attributes" VALUES(30,3,'test accuracy','0.9595959595959596');
INSERT INTO "trial_user_attributes" VALUES(31,3,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(32,3,'finished','1795845443.3895752');
INSERT INTO "trial_user_attributes" VALUES(33,3,'result','{"schema_version": 1, "status": "complete", "config_id": "61570e031d66fdb7", "seed": 0, "failure": null, "validation": null, "test": {"correct": 285, "total": 297, "loss": 0.12927775493061103, "clipped_loss": null}, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.4145027455951773, "accuracy": 0.8653198653198653, "val_loss": 0.4145027455951773, "val_accuracy": 0.8653198653198653, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 2, "loss": 0.16084470810802065, "accuracy": 0.9494949494949495, "val_loss": 0.16084470810802065, "val_accuracy": 0.9494949494949495, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 3, "loss": 0.13294646400798946, "accuracy": 0.9595959595959596, "val_loss": 0.13294646400798946, "val_accuracy": 0.9595959595959596, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 4, "loss": 0.12927775493061103, "accuracy": 0.9595959595959596, "val_loss": 0.12927775493061103, "val_accuracy": 0.9595959595959596, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}], "reports": [[4, 0.8653198653198653], [8, 0.9494949494949495], [12, 0.9595959595959596], [16, 0.9595959595959596]], "parameters": 592074, "trainable_parameters": 592074, "flops": 2103808, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.00676224, 0.00676224, 0.00676224, 0.00676224, 0.00676224], "fit_seconds": 0.20827699200000002, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 10.51904, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,7.50841750841750865674e-01,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,9.05723905723905708953e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,9.5959595959595955783e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 05:57:23.260117','2026-11-28 05:57:23.310823');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 05:57:23.321203','2026-11-28 05:57:23.358658');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 05:57:23.363670','2026-11-28 05:57:23.396357');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
