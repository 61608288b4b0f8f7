#!/bin/bash
# One run on several machines: sbatch deploy/train-on-slurm.sh
# A job that Slurm starts again, because it was preempted or a node failed, goes on from its last checkpoint.
#SBATCH --job-name=photos
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --requeue
#SBATCH --signal=TERM@120
#SBATCH --open-mode=append

export IMGCLS_WORKERS_WITHIN=600  # seconds in which all of them have to be there
if [ -f runs/photos/manifest.parquet ]; then
  exec srun python -m imgcls.train --resume runs/photos
fi
exec srun python -m imgcls.train --data photos --name photos --strategy multi_worker --checkpoint-minutes 2
